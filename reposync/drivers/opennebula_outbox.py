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

from reposync.drivers import filesystem_store as store

LOG = log.getLogger(__name__)

_PREFIX = "reposync-"
_READABLE = 0o644


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
        with store.translated(self._directory):
            self._directory.mkdir(parents=True, exist_ok=True)
            handle = _open_locked(path)
            try:
                yield Parcel(handle, f"{self._prefix}/{name}")
            finally:
                path.unlink(missing_ok=True)
                os.close(handle)

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
        handle = os.open(
            path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _READABLE
        )
        os.fchmod(handle, _READABLE)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle
        os.close(handle)
