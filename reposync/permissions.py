# SPDX-License-Identifier: Apache-2.0
"""Who may write to a directory, and who reads what is made in it.

What the service trusts on its own disk must not be changed by another
account.  The rules are those of OpenSSH's ``StrictModes`` and of PostgreSQL's
data directory, with three exceptions that sites need: directories like
``/tmp`` may be passed, where only its owner may remove a thing; root may give
the directory itself to a group, as Kubernetes does with ``fsGroup``; and those
above it may be open to a group, as Debian's ``/var/local`` is.

Modes are set after a file or directory was made, and so do not depend on the
umask.  The bit that passes a directory's group on (setgid) is kept.
"""

from collections.abc import Callable
from collections.abc import Iterator
import os
from pathlib import Path
import pwd
import stat

#: For this account and those of a group.
DIRECTORY, FILE = 0o750, 0o640
#: For this account alone.
PRIVATE_DIRECTORY, PRIVATE_FILE = 0o700, 0o600
_MOST_LINKS = 40


def danger(directory: Path) -> str | None:
    """Say why others could change what is in a directory; None if not.

    One that is not there yet is judged by where it would be.

    :raises OSError: it cannot be looked at
    """
    if problem := danger_above(directory):
        return problem
    try:
        found = directory.stat()
    except FileNotFoundError:
        return None
    if found.st_mode & stat.S_IWOTH:
        return f"everybody may write to {directory}: chmod o-w {directory}"
    if found.st_mode & stat.S_IWGRP and found.st_uid == os.geteuid():
        return f"its group may write to {directory}: chmod g-w {directory}"
    return None


def danger_above(directory: Path) -> str | None:
    """Say who could put another one in the place of a directory; None if none.

    :raises OSError: it cannot be looked at
    """
    end = directory.resolve()
    for path in _way(directory):
        found = path.lstat()
        if not is_trusted(found):
            return (
                f"{path} belongs to {_account(found.st_uid)}, who could put "
                f"something else there: chown it to {_account(os.geteuid())}, "
                "or name another directory"
            )
        if not stat.S_ISDIR(found.st_mode):
            # A link; what it leads to comes next.
            continue
        shared = found.st_mode & (stat.S_IWOTH | stat.S_ISVTX)
        if shared == stat.S_IWOTH and path != end:
            return (
                f"everybody may write to {path}, and so put something else "
                f"in the place of {directory}: chmod o-w {path}"
            )
    return None


def is_trusted(found: os.stat_result) -> bool:
    """Tell whether something belongs to this account or to root."""
    # Where root has no number, as in a user namespace, it owns "/" all the
    # same.
    return found.st_uid in (os.geteuid(), 0, Path("/").stat().st_uid)


def ensure(directory: Path, mode: int) -> None:
    """Make a directory, and what is missing above it, if it is not there."""
    if directory.is_dir():
        return
    ensure(directory.parent, mode)
    try:
        create(directory, mode)
    except FileExistsError:
        # Another process was faster, or it is something else.
        if not directory.is_dir():
            raise


def create(directory: Path, mode: int) -> None:
    """Make a directory.

    :raises FileExistsError: there is something of the name
    """
    directory.mkdir(mode)
    group = directory.stat().st_mode & stat.S_ISGID
    directory.chmod(mode | group)


def opener(mode: int) -> Callable[[str, int], int]:
    """Give what `open` makes new files with; links are not followed."""

    def new(name: str, flags: int) -> int:
        handle = os.open(name, flags | os.O_NOFOLLOW, mode)
        try:
            os.fchmod(handle, mode)
        except BaseException:
            os.close(handle)
            raise
        return handle

    return new


def _way(path: Path) -> Iterator[Path]:
    """Yield all that is passed on the way to a path, links and the end too.

    It ends before the first that is not there.
    """
    here, links = Path("/"), 0
    rest = list(reversed(path.absolute().parts[1:]))
    yield here
    while rest:
        part = rest.pop()
        here = here.parent if part == ".." else here / part
        try:
            found = here.lstat()
        except FileNotFoundError:
            return
        yield here
        if stat.S_ISLNK(found.st_mode):
            links += 1
            if links > _MOST_LINKS:
                raise OSError(f"too many links lead to {path}")
            target = here.readlink()
            here = Path("/") if target.is_absolute() else here.parent
            rest += [each for each in reversed(target.parts) if each != "/"]


def _account(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"
