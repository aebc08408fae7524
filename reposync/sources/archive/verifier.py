# SPDX-License-Identifier: Apache-2.0
"""Checks an archive while it flows.

An engine that fails in the middle of ``docker save`` writes the error's text
into the stream and ends it as if all were well.  So the tar is read along,
and its last piece is held back until all of it has proved right: a catalogue
that counts bytes then never stores a damaged image as a complete one.

Two layouts are understood: ``<id>.json`` with ``<id>/layer.tar``, where a
layer that occurs twice is a symbolic link (Docker Image Specification v1.2,
https://github.com/moby/docker-image-spec), and ``blobs/sha256/<hex>``, which
engines write since version 25.  Both have a ``manifest.json``.
"""

from collections import deque
from collections.abc import Iterable
from collections.abc import Iterator
import hashlib
import io
import json
import posixpath
import tarfile
from typing import Any
import zlib

from reposync import exception
from reposync.sources.archive import tars
from reposync.sources.oci import documents
from reposync.sources.oci import sizes

#: Size of the pieces that are handed on, in bytes.
PIECE = 256 * 1024
#: Characters of a name in an error.
_SHOWN = 100
_LONGEST_JSON = 8 * 1024 * 1024
_MANIFEST = "manifest.json"
_GZIP = b"\x1f\x8b"
# A tar archive ends with two empty blocks.
_END = 2 * tarfile.BLOCKSIZE


def verified(
    pieces: Iterable[bytes], image_id: str, name: str, most: int
) -> Iterator[bytes]:
    """Hand a tar stream on in pieces of 256 KiB; the last one if all is well.

    :param image_id: digest the image configuration must have
    :param name: ``repository:tag`` the archive must give the image
    :param most: bytes that the image may have, packed and unpacked
    :raises ArchiveDamaged: it is cut short, longer than it should be, or a
        digest is wrong; the text says what
    :raises ImageUnsupported: it is too large
    """
    tee = _Tee(pieces, sizes.Budget(name, most))
    contents = _Contents(image_id, sizes.Budget(name, most))
    members = tars.Members(tee, PIECE)
    for tar, member in members:
        for _ in contents.read(tar, member):
            yield from tee.ready()
    tee.read_all()
    _check_end(tee, members.end)
    contents.check(name)
    yield from tee.rest()


class _Tee(io.RawIOBase):
    """Keeps what the tar reader has read until it is handed on."""

    def __init__(self, pieces: Iterable[bytes], budget: sizes.Budget):
        self._pieces = iter(pieces)
        self._budget = budget
        self._left = b""
        self._read: deque[bytes] = deque()
        self.length = 0
        self.last_byte = 0

    def read(self, size: int = -1) -> bytes:
        parts, missing = [], size
        while missing > 0:
            part = self._left or next(self._pieces, b"")
            if not part:
                break
            self._left = part[missing:]
            parts.append(part[:missing])
            missing -= len(parts[-1])
        piece = b"".join(parts)
        if piece:
            used = len(piece.rstrip(b"\0"))
            self.last_byte = self.length + used if used else self.last_byte
            self.length += len(piece)
            self._budget.check(self.length)
            self._read.append(piece)
        return piece

    def read_all(self) -> None:
        while self.read(PIECE):
            # What follows the end is empty, so only its length counts; an
            # archive does not end with more than a few blocks.
            if len(self._read) > 8:
                raise exception.ArchiveDamaged("The archive does not end")

    def ready(self) -> Iterator[bytes]:
        while len(self._read) > 1:
            yield self._read.popleft()

    def rest(self) -> Iterator[bytes]:
        while self._read:
            yield self._read.popleft()


class _Contents:
    """What is in the archive: digests of all files, two of them whole."""

    def __init__(self, image_id: str, budget: sizes.Budget):
        self._image_id = image_id
        self._budget = budget
        self._digests: dict[str, set[str]] = {}
        self._links: dict[str, str] = {}
        self._manifest: bytes | None = None
        self._config: bytes | None = None

    def read(
        self, tar: tarfile.TarFile, member: tarfile.TarInfo
    ) -> Iterator[None]:
        """Read one member; stops after each piece."""
        name = _inside(member.name)
        if member.issym():
            folder = posixpath.dirname(name)
            self._links[name] = _inside(
                posixpath.join(folder, member.linkname)
            )
        elif member.islnk():
            self._links[name] = _inside(member.linkname)
        elif member.isreg():
            yield from self._read_file(tar, member, name)
        elif not member.isdir():
            raise exception.ArchiveDamaged(
                f"{name[:_SHOWN]} is no file or directory"
            )
        yield

    def _read_file(
        self, tar: tarfile.TarFile, member: tarfile.TarInfo, name: str
    ) -> Iterator[None]:
        packed, unpacked = hashlib.sha256(), _Gunzip(self._budget)
        kept: list[bytes] | None = [] if member.size <= _LONGEST_JSON else None
        for piece in tars.content(tar, member, PIECE):
            packed.update(piece)
            unpacked.update(piece)
            if kept is not None:
                kept.append(piece)
            yield
        digest = f"sha256:{packed.hexdigest()}"
        self._digests[name] = {digest, *unpacked.digests()}
        if name == _MANIFEST:
            self._manifest = b"".join(kept or [])
        elif digest == self._image_id:
            if kept is None:
                raise exception.ImageUnsupported(
                    f"The image configuration has {member.size} bytes, and "
                    f"at most {_LONGEST_JSON} are read"
                )
            self._config = b"".join(kept)

    def check(self, name: str) -> None:
        """Compare everything with everything.

        :raises ArchiveDamaged: something does not fit
        """
        entry = self._entry()
        if name not in _texts(entry, "RepoTags"):
            raise exception.ArchiveDamaged(f"The archive does not hold {name}")
        if self._image_id not in self._find(entry.get("Config")):
            raise exception.ArchiveDamaged(
                "The image configuration is not the one that was pulled"
            )
        expected = _diff_ids(self._config)
        layers = _texts(entry, "Layers")
        if len(layers) != len(expected):
            raise exception.ArchiveDamaged(
                f"{len(layers)} layers instead of {len(expected)}"
            )
        for layer, diff_id in zip(layers, expected, strict=True):
            if diff_id not in self._find(layer):
                raise exception.ArchiveDamaged(
                    f"Layer {layer[:_SHOWN]} does not have the digest "
                    f"{diff_id[:_SHOWN]}"
                )

    def _entry(self) -> dict[str, Any]:
        if self._manifest is None:
            raise exception.ArchiveDamaged("manifest.json is missing")
        try:
            [entry] = json.loads(self._manifest)
            return dict(entry)
        except (RecursionError, TypeError, ValueError) as error:
            raise exception.ArchiveDamaged(
                "manifest.json does not describe one image"
            ) from error

    def _find(self, name: object) -> set[str]:
        place = str(name)
        place = self._links.get(place, place)
        if place not in self._digests:
            raise exception.ArchiveDamaged(f"{place[:_SHOWN]} is missing")
        return self._digests[place]


class _Gunzip:
    """The digest of what a stream unpacks to, if it is packed at all."""

    def __init__(self, budget: sizes.Budget) -> None:
        self._budget = budget
        self._begun = False
        self._reader: Any = None
        self._hash = hashlib.sha256()

    def update(self, piece: bytes) -> None:
        if not self._begun:
            self._begun = True
            if piece.startswith(_GZIP):
                self._reader = zlib.decompressobj(wbits=31)
        try:
            while self._reader and piece:
                plain = self._reader.decompress(piece, PIECE * 4)
                self._budget.spend(len(plain))
                self._hash.update(plain)
                piece = self._reader.unconsumed_tail
                if self._reader.eof:
                    piece = self._reader.unused_data
                    self._reader = zlib.decompressobj(wbits=31)
        except zlib.error:
            # Not packed after all, or damaged: then no digest will fit.
            self._reader = None

    def digests(self) -> set[str]:
        if not self._reader:
            return set()
        return {f"sha256:{self._hash.hexdigest()}"}


def _check_end(tee: _Tee, end: int) -> None:
    if tee.last_byte > end:
        raise exception.ArchiveDamaged(
            "Something else follows the archive: the engine met an error"
        )
    if tee.length - end < _END:
        raise exception.ArchiveDamaged("The archive is cut short")


def _texts(entry: dict[str, Any], key: str) -> list[str]:
    found = entry.get(key) or []
    if not isinstance(found, list):
        raise exception.ArchiveDamaged(f"{key} in {_MANIFEST} is no list")
    return list(map(str, found))


def _inside(name: str) -> str:
    path = posixpath.normpath(name)
    if path.startswith(("/", "../")) or path == "..":
        raise exception.ArchiveDamaged(
            f"{name[:_SHOWN]!r} leads out of the archive"
        )
    return path


def _diff_ids(config: bytes | None) -> list[str]:
    if config is None:
        raise exception.ArchiveDamaged("The image configuration is missing")
    try:
        document = documents.load_leniently(config)
        found = document["rootfs"]["diff_ids"] or []
        if not isinstance(found, list):
            raise TypeError("no list")
        return [str(diff_id) for diff_id in found]
    except (ValueError, KeyError, TypeError) as error:
        raise exception.ArchiveDamaged(
            "The image configuration lists no layers"
        ) from error
