# SPDX-License-Identifier: Apache-2.0
"""Remembers which registries cannot be reached.

A registry that is away would be tried for each of its images, and each try
would hold a worker until its time is over.  So the first failure answers for
all of them for a while; then one image tries again, and the others go on as
soon as the registry answers.

Only what is the registry's as a whole counts: no connection to it.  Whatever
it answers may be about one image.
"""

from collections.abc import Iterator
import contextlib
import random
import socket
import threading
import time

from oslo_config import cfg
import urllib3

from reposync import exception
from reposync.sources import recent

_LONGEST = 15 * 60.0
_UNREACHED = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    ConnectionRefusedError,
    socket.gaierror,
)
_DEEPEST = 8
_MOST_KEPT = 1000


class Troubles:
    """What is known of registries; one for all threads of a conductor."""

    def __init__(self, conf: cfg.ConfigOpts):
        """Begin with none."""
        self._conf = conf.conductor
        self._lock = threading.Lock()
        self._known: recent.Recent[str, _Trouble] = recent.Recent(_MOST_KEPT)

    @contextlib.contextmanager
    def watched(self, registry: str) -> Iterator[None]:
        """Ask a registry for something, or fail as the last one did.

        :raises SourceUnavailable: it was not reached a moment ago
        """
        self._refuse(registry)
        try:
            yield
        except exception.RateLimited:
            # It may not have been asked at all.
            raise
        except exception.SourceError as error:
            self._note(registry, error)
            raise
        self._forget(registry)

    def _refuse(self, registry: str) -> None:
        with self._lock:
            known = self._known.get(registry)
            if known is None:
                return
            rest = known.until - time.monotonic()
            if rest <= 0:
                # This one tries; the others wait for what it finds.
                known.until = time.monotonic() + self._pause(known.failures)
                return
        rest *= random.uniform(1, 1.25)  # noqa: S311 (not a secret)
        raise exception.SourceUnavailable(known.message, retry_after=rest)

    def _note(self, registry: str, error: exception.SourceError) -> None:
        if not is_unreached(error):
            self._forget(registry)
            return
        with self._lock:
            known = self._known.setdefault(registry, _Trouble())
            known.failures += 1
            known.message = error.message
            pause = self._pause(known.failures)
            known.until = time.monotonic() + pause

    def _forget(self, registry: str) -> None:
        with self._lock:
            self._known.drop(registry)

    def _pause(self, failures: int) -> float:
        # As an operation by itself would wait.
        doubled = 2.0 ** min(failures - 1, 30)
        return min(self._conf.retry_delay * doubled, _LONGEST)


class _Trouble:
    until = 0.0
    failures = 0
    message = ""


def is_unreached(error: BaseException) -> bool:
    """Tell whether an error is that there was no connection."""
    found: BaseException | None = error
    for _ in range(_DEEPEST):
        if found is None or isinstance(found, _UNREACHED):
            break
        inner = getattr(found, "reason", None)
        inner = inner or getattr(found, "original_error", None)
        if not isinstance(inner, BaseException):
            inner = found.__cause__
        found = inner
    return isinstance(found, _UNREACHED)
