# SPDX-License-Identifier: Apache-2.0
"""The directory of the standalone mode: its token, its database, its images.

It is its owner's alone, and so is each file in it, whatever the umask is.
"""

import fcntl
import os
from pathlib import Path
import secrets
import stat
from typing import TextIO

from oslo_log import log

from reposync import permissions
from reposync.cmd import launch

LOG = log.getLogger(__name__)

DATABASE, IMAGES = "reposync.db", "images"
LIST, TOKEN = "repositories.list", "token"
_LOCK = "lock"
#: SQLite's own files beside the database.
_SQLITE = [f"{DATABASE}-{each}" for each in ("journal", "shm", "wal")]
_FILES = (DATABASE, LIST, TOKEN, _LOCK, *_SQLITE)
_NOBODY_ELSE = 0o077
_WRITABLE = stat.S_IWGRP | stat.S_IWOTH

_LINES = """\
# What is mirrored: one name[:tag] a line. A name or tag may hold * as a
# wildcard; such a line counts for webhooks, not for synchronisations.
"""


class OpenToOthers(Exception):
    """Other accounts can get at the directory, or could have."""


def prepare(name: str) -> tuple[Path, bool, TextIO]:
    """Make the directory, or end the program with the reason in a line.

    From here on the process makes files for its own account alone.

    :returns: the directory, whether its token is new, and what must stay
        open as long as the process lives
    """
    os.umask(_NOBODY_ELSE)
    try:
        directory = Path(name).expanduser().resolve()
        new = make(directory)
        lock = claim(directory)
    except (OSError, RuntimeError, OpenToOthers) as error:
        text = f"[standalone] directory = {name}: {_why(error, name)}"
        launch.refuse(Exception(text))
    return directory, new, lock


def make(directory: Path) -> bool:
    """Make the directory with a token and an empty list.

    :returns: whether the token is new
    :raises OpenToOthers: it cannot be made its owner's alone
    """
    if problem := permissions.danger_above(directory):
        raise OpenToOthers(problem)
    permissions.ensure(directory, permissions.PRIVATE_DIRECTORY)
    _tighten(directory)
    if not (directory / LIST).exists():
        _write(directory / LIST, _LINES)
    token = directory / TOKEN
    if token.exists() and token.stat().st_size:
        return False
    # A disk that was full has left an empty one.
    token.unlink(missing_ok=True)
    _write(token, secrets.token_hex(32) + "\n")
    return True


def claim(directory: Path) -> TextIO:
    """Keep other processes off the directory for as long as this one lives.

    :returns: what must stay open
    :raises BlockingIOError: there is another one
    """
    lock = (directory / _LOCK).open("a", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise
    except OSError as error:
        LOG.warning("%s cannot be locked: %s", directory, error)
    return lock


def _tighten(directory: Path) -> None:
    """Take from others what they may do with a directory that is there.

    One that others could write to may have been changed by them, and one
    with directories of somebody else's may be a home or ``/``.
    """
    found = directory.stat()
    if found.st_uid != os.geteuid():
        raise OpenToOthers(
            "it belongs to another account. Name a directory in it, which is "
            "then made"
        )
    mode = stat.S_IMODE(found.st_mode)
    there = list(directory.iterdir())
    strange = [each.name for each in there if _is_strange(each)]
    if mode & _WRITABLE and there:
        raise OpenToOthers(
            f"others may write to it (mode {mode:03o}), and so may have "
            f"changed what is in it. Look, and then: chmod 700 {directory}"
        )
    if mode & _NOBODY_ELSE and strange:
        raise OpenToOthers(
            f"others may read it (mode {mode:03o}), and it has {strange[0]}, "
            "which is not of this service. Name a directory of its own, or "
            f"chmod 700 {directory}"
        )
    if mode & _NOBODY_ELSE:
        directory.chmod(permissions.PRIVATE_DIRECTORY)
    for name in _FILES:
        _tighten_file(directory / name)


def _is_strange(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and path.name != IMAGES


def _tighten_file(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISREG(found.st_mode) and found.st_mode & _NOBODY_ELSE:
        path.chmod(permissions.PRIVATE_FILE)


def _write(path: Path, text: str) -> None:
    """Make a file that nobody else can read from the first moment on."""
    opener = permissions.opener(permissions.PRIVATE_FILE)
    with open(path, "x", encoding="utf-8", opener=opener) as file:
        file.write(text)


def _why(error: Exception, name: str) -> str:
    if isinstance(error, BlockingIOError):
        return "another reposync-standalone works with it"
    if isinstance(error, OSError):
        return f"{error.strerror}: {error.filename or name}"
    if isinstance(error, OpenToOthers):
        return str(error)
    return f"{error} Set HOME, or name another directory"
