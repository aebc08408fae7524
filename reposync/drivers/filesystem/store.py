# SPDX-License-Identifier: Apache-2.0
"""Image directories on a disk, made and removed in one step each.

An image is a directory ``<uuid>`` with ``image.tar`` and ``image.json``.  It
is written as ``.new-<uuid>`` under a lock that ends with its process, and
gets its name only when it is complete and on the disk.

Images can be read by a group, whatever the umask is: that of the process, or
that of the directory if it has the setgid bit.
"""

from collections.abc import Iterable
from collections.abc import Iterator
import contextlib
import errno
import fcntl
import hashlib
import json
import os
from pathlib import Path
import shutil
import stat
from typing import Any

from oslo_log import log
from oslo_utils import uuidutils

from reposync import exception
from reposync import permissions
from reposync.drivers import hashed

LOG = log.getLogger(__name__)

ARCHIVE = "image.tar"
DESCRIPTION = "image.json"
_NEW = ".new-"
_PIECE = 1024 * 1024
#: A directory that changes at each look is taken as it was at the last.
_LOOKS = 10

Record = dict[str, Any]


class Store:
    """The images below one directory."""

    def __init__(self, root: Path):
        """Store the place."""
        self.root = root

    def records(self) -> list[Record]:
        """Read all descriptions, newest first; unreadable ones are left out.

        :raises CatalogueDenied: the directory may not be read
        """
        names = self._names()
        for _ in range(_LOOKS):
            found = [record for name in names if (record := self._read(name))]
            # One image may have taken the place of another meanwhile: the
            # new one was not there yet, and the old one is not any more.
            before, names = names, self._names()
            if names == before:
                break
        return sorted(
            found,
            key=lambda record: (str(record.get("created_at")), record["id"]),
            reverse=True,
        )

    def check(self) -> None:
        """Refuse a directory in which others could change images.

        :raises CatalogueDenied: with what to do
        """
        with translated(self.root):
            problem = permissions.danger(self.root)
        if problem is not None:
            raise exception.CatalogueDenied(
                f"The images below {self.root} could be changed by others: "
                f"{problem}"
            )

    def _names(self) -> set[str]:
        self.check()
        with translated(self.root):
            names = os.listdir(self.root) if self.root.exists() else []
        return set(filter(_is_id, names))

    def record(self, image_id: str) -> Record:
        """Read one description.

        :raises ImageNotFound: there is none
        """
        self.check()
        # Only identifiers are ever part of a path: nothing leads outside.
        found = self._read(image_id) if _is_id(image_id) else None
        if found is None:
            raise exception.ImageNotFound(
                f"No image has the id {image_id[:64]!r}"
            )
        return found

    @contextlib.contextmanager
    def new(self, image_id: str) -> Iterator[Path]:
        """Make a directory for a new image; it is gone if anything fails.

        The caller gives it its name with `publish`.
        """
        self.check()
        draft = self.root / f"{_NEW}{image_id}"
        with translated(self.root):
            permissions.ensure(self.root, permissions.DIRECTORY)
            permissions.create(draft, permissions.DIRECTORY)
            try:
                with _locked(draft):
                    yield draft
            finally:
                shutil.rmtree(draft, ignore_errors=True)

    def publish(self, draft: Path, record: Record) -> None:
        """Write the description and show the image, in one step."""
        self._write(draft, record)
        _sync_directory(draft)
        draft.rename(self.root / record["id"])
        _sync_directory(self.root)

    def update(self, record: Record) -> None:
        """Replace a description."""
        with translated(self.root):
            self._write(self.root / record["id"], record)

    def delete(self, image_id: str) -> None:
        """Remove an image: first its name, then its files."""
        with translated(self.root):
            dead = self.root / f"{_NEW}{uuidutils.generate_uuid()}"
            (self.root / image_id).rename(dead)
            shutil.rmtree(dead, ignore_errors=True)

    def remove_dead(self) -> None:
        """Remove what processes left that died while they wrote."""
        for path in self.root.glob(f"{_NEW}*"):
            with contextlib.suppress(OSError), _locked(path):
                LOG.info("Removing the unfinished image %s", path.name)
                shutil.rmtree(path, ignore_errors=True)

    def discard(self, image_id: str) -> bool:
        """Remove what was begun, even from under a process that writes.

        It cannot publish any more what has no name.

        :returns: whether it was there, or is published
        """
        draft = self.root / f"{_NEW}{image_id}"
        if not _is_id(image_id) or not draft.exists():
            return self._read(image_id) is not None
        LOG.info("Removing the unfinished image %s", draft.name)
        with translated(self.root):
            # Under another name first: whoever writes there makes files in
            # it as long as it has one.
            dead = self.root / f"{_NEW}{uuidutils.generate_uuid()}"
            draft.rename(dead)
            shutil.rmtree(dead, ignore_errors=True)
        return True

    def _read(self, image_id: str) -> Record | None:
        folder = self.root / image_id
        try:
            found = folder.lstat()
            if stat.S_ISLNK(found.st_mode):
                return None
            if not permissions.is_trusted(found):
                LOG.warning("%s belongs to another account: skipped", folder)
                return None
            record = json.loads((folder / DESCRIPTION).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            LOG.warning("%s cannot be read: %s", folder, error)
            return None
        if not isinstance(record, dict):
            LOG.warning("%s describes no image", folder)
            return None
        return record | {"id": image_id}

    def _write(self, folder: Path, record: Record) -> None:
        draft = folder / f"{DESCRIPTION}.new"
        # Of a process that died.
        draft.unlink(missing_ok=True)
        opener = permissions.opener(permissions.FILE)
        with open(draft, "x", encoding="utf-8", opener=opener) as file:
            json.dump(record, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        draft.rename(folder / DESCRIPTION)


def write(path: Path, pieces: Iterable[bytes]) -> hashed.Hashed:
    """Write a file to the disk; returns its size and hash."""
    counted = hashed.Hashed(pieces)
    opener = permissions.opener(permissions.FILE)
    with open(path, "xb", buffering=0, opener=opener) as file:
        for piece in counted:
            view = memoryview(piece)
            while view:
                view = view[file.write(view) :]
        os.fsync(file.fileno())
    return counted


def read_hash(path: Path) -> str:
    """Read a file and hash it, as `write` does."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, hashed.DEFAULT).hexdigest()


@contextlib.contextmanager
def translated(root: Path) -> Iterator[None]:
    """Turn what the operating system raises into errors of ours."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise exception.CatalogueQuotaExceeded(
                f"There is no room below {root}: {error.strerror}. Delete "
                "images, or give it more"
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise exception.CatalogueDenied(
                f"The service may not write below {root}: {error.strerror}"
            ) from error
        raise exception.CatalogueUnavailable(
            f"Writing below {root} failed: {error.strerror}"
        ) from error


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a directory's lock; fails if another process has it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_id(name: str) -> bool:
    return (
        uuidutils.is_uuid_like(name)
        and name == name.lower()
        and (len(name) == 36)
    )
