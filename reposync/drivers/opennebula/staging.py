# SPDX-License-Identifier: Apache-2.0
"""Archives on their way to the front end: files that live for a copy."""

from collections.abc import Iterable
from collections.abc import Iterator
import contextlib
import fcntl
import hashlib
import os
from pathlib import Path

from oslo_log import log
from oslo_utils import uuidutils

from reposync import exception
from reposync import permissions
from reposync.drivers.filesystem import store

LOG = log.getLogger(__name__)

_PREFIX = "reposync-"
#: The front end reads as another account; who may get at the directory is the
#: site's choice.
_DIRECTORY, _FILE = 0o755, 0o644


class Parcel:
    """A file in the outbox.

    :ivar where: what the front end calls it
    :ivar size: bytes so far
    """

    def __init__(self, handle: int, where: str):
        """Begin with an empty file."""
        self._handle = handle
        self.where = where
        self.size = 0
        # OpenNebula compares this one, and is not to be protected from us.
        self._sha1 = hashlib.sha1(usedforsecurity=False)

    def write(self, pieces: Iterable[bytes]) -> None:
        """Write the whole, down to the disk."""
        for piece in pieces:
            self._sha1.update(piece)
            self.size += len(piece)
            view = memoryview(piece)
            while view:
                view = view[os.write(self._handle, view) :]
        os.fsync(self._handle)

    @property
    def sha1(self) -> str:
        """The SHA-1 digest, in hexadecimal digits."""
        return self._sha1.hexdigest()


class Outbox:
    """A directory that the front end reads.

    A file is locked by the process that wrote it, so what nobody has locked
    was left by one that died.

    :param prefix: what the front end puts before the name of a file
    """

    def __init__(self, directory: Path, prefix: str):
        """Store the place."""
        self._directory = directory
        self._prefix = prefix.rstrip("/")

    @contextlib.contextmanager
    def parcel(self) -> Iterator[Parcel]:
        """Make a file; it is gone when the context is left.

        :raises CatalogueError: it cannot be written
        """
        name = f"{_PREFIX}{uuidutils.generate_uuid()}.tar"
        path = self._directory / name
        self.check()
        with store.translated(self._directory):
            permissions.ensure(self._directory, _DIRECTORY)
            handle = _open_locked(path)
            try:
                yield Parcel(handle, f"{self._prefix}/{name}")
            finally:
                path.unlink(missing_ok=True)
                os.close(handle)

    def check(self) -> None:
        """Refuse a directory in which others could change archives.

        :raises CatalogueDenied: with what to do
        """
        with store.translated(self._directory):
            problem = permissions.danger(self._directory)
        if problem is not None:
            raise exception.CatalogueDenied(
                "Others could change archives on their way to OpenNebula: "
                f"{problem}"
            )

    def remove_dead(self) -> None:
        """Remove what processes left that died."""
        for path in self._directory.glob(f"{_PREFIX}*.tar"):
            with contextlib.suppress(OSError):
                handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    LOG.info("Removing the forgotten archive %s", path.name)
                    path.unlink()
                finally:
                    os.close(handle)


def _open_locked(path: Path) -> int:
    """Make a file that is locked before anybody can take it for dead."""
    while True:
        opener = permissions.opener(_FILE)
        handle = opener(str(path), os.O_RDWR | os.O_CREAT | os.O_EXCL)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle
        os.close(handle)
