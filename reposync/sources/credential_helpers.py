# SPDX-License-Identifier: Apache-2.0
"""Asks credential helpers: ``docker-credential-NAME get``.

https://github.com/docker/docker-credential-helpers
"""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time

from reposync import exception
from reposync.sources import recent

#: Seconds a helper may take; some of them ask a cloud.
_TIMEOUT = 30
#: Seconds an outcome is kept: a synchronisation asks for each image.
_KEPT = 60.0
_MOST_KEPT = 200

#: User and secret; None for no account.
Answer = tuple[str, str] | None

_Outcome = Answer | exception.ReposyncError

_answers: recent.Recent[tuple[str, str], tuple[float, _Outcome]]
_answers = recent.Recent(_MOST_KEPT)
_locks: recent.Recent[tuple[str, str], threading.Lock]
_locks = recent.Recent(_MOST_KEPT)


def get(name: str, server: str) -> Answer:
    """Ask a helper for the account of a server.

    :param name: such as ``ecr-login``
    :param server: as the helper knows it
    :raises RegistryDenied: it is not installed, or fails
    :raises SourceUnavailable: it takes too long
    """
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
        raise exception.RegistryDenied(
            "[registry] auth_file or auth_config names a credential helper "
            "whose name is no name of a program"
        )
    program = f"docker-credential-{name}"
    path = shutil.which(program)
    if path is None:
        raise exception.RegistryDenied(
            f"The credential helper {program}, which [registry] auth_file or "
            "auth_config names, is not installed where the service looks for "
            "programs (PATH)"
        )
    key = path, server
    with _locks.setdefault(key, threading.Lock()):
        until, outcome = _answers.get(key) or (0.0, None)
        if time.monotonic() >= until:
            outcome = _ask(path, program, server)
            _answers.put(key, (time.monotonic() + _KEPT, outcome))
    if isinstance(outcome, exception.ReposyncError):
        raise type(outcome)(outcome.message)
    return outcome


def _ask(path: str, program: str, server: str) -> _Outcome:
    try:
        return _read(program, server, _run(path, program, server))
    except exception.ReposyncError as error:
        # All images of a synchronisation would wait for it again.
        return error
    except OSError as error:
        return exception.RegistryDenied(
            f"The credential helper {path} cannot be run: {error.strerror}"
        )


def _run(
    path: str, program: str, server: str
) -> subprocess.CompletedProcess[bytes]:
    with subprocess.Popen(
        [path, "get"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            said, wrong = process.communicate(server.encode(), _TIMEOUT)
        except subprocess.TimeoutExpired:
            # With all that it has started, which may hold the pipes.
            os.killpg(process.pid, signal.SIGKILL)
            raise exception.SourceUnavailable(
                f"The credential helper {program} did not answer for "
                f"{server} within {_TIMEOUT} s"
            ) from None
    return subprocess.CompletedProcess([path], process.returncode, said, wrong)


def _read(
    program: str, server: str, done: subprocess.CompletedProcess[bytes]
) -> Answer:
    if done.returncode:
        if b"credentials not found" in (done.stdout + done.stderr).lower():
            return None
        # Its own words are for its user: they may hold what is secret.
        raise exception.RegistryDenied(
            f"The credential helper {program} fails for {server} (exit "
            f"status {done.returncode}). Run 'echo {server} | {program} "
            "get' as the user of the service to see why"
        )
    try:
        # Programs in Go, which most are, tell no case in the names.
        answer = {
            key.lower(): value
            for key, value in json.loads(done.stdout).items()
        }
        user = _text(answer.get("username"))
        secret = _text(answer.get("secret"))
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise exception.RegistryDenied(
            f"The credential helper {program} answers for {server} with "
            "something else than a user and a secret"
        ) from None
    return (user, secret) if secret else None


def _text(value: object) -> str:
    if value is None:
        return ""
    check_text(value)
    return str(value)


def check_text(value: object) -> None:
    """Make sure that something is a text which can be sent.

    :raises TypeError: it is no text
    :raises ValueError: there are halves of characters in it
    """
    if not isinstance(value, str):
        raise TypeError("no text")
    value.encode()
