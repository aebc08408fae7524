# SPDX-License-Identifier: Apache-2.0
"""Reads the archive of an engine with the image store of containerd.

It is an OCI image layout
(https://github.com/opencontainers/image-spec/blob/main/image-layout.md) whose
blobs come in the order of their digests, so that what describes the image
comes somewhere among its layers.  If a blob of the image is missing in the
store, containerd leaves out all that its manifest names, and reports no error.
"""

from collections.abc import Iterable
from collections.abc import Iterator
import contextlib
import dataclasses
import hashlib
import json
import re
import tarfile

from reposync import exception
from reposync.sources.archive import tars
from reposync.sources.docker import errors
from reposync.sources.oci import manifests
from reposync.sources.oci import platforms

_PIECE = 512 * 1024
_MOST_DOCUMENTS = 64 * 1024 * 1024
_DEEPEST_INDEX = 3
_BLOB = re.compile(r"(?:\./)?blobs/([a-z0-9]+)/([0-9a-f]+)")


class Contents:
    """What is in an archive, but for its layers.

    :ivar places: the blobs by digest, numbered as they come
    """

    def __init__(self, pieces: Iterable[bytes]):
        """Read an archive to its end.

        :raises ArchiveDamaged: it is no archive, or cut short
        """
        self.places: dict[str, int] = {}
        self._types: dict[str, str] = {}
        self._documents: dict[str, bytes] = {}
        self._kept = 0
        for tar, member in _members(pieces):
            digest = _digest(member)
            if digest is not None:
                self.places[digest] = len(self.places)
            if member.size <= manifests.LONGEST_CONFIG and member.isreg():
                if digest is not None:
                    self._keep(
                        digest, b"".join(tars.content(tar, member, _PIECE))
                    )
                elif member.name.removeprefix("./") == "index.json":
                    self._note(b"".join(tars.content(tar, member, _PIECE)))

    def manifest(
        self,
        name: str,
        digest: str,
        wanted: platforms.Platform,
        said: platforms.Platform | None,
    ) -> manifests.Manifest:
        """Find the manifest of the image, through indexes.

        :param digest: where to begin
        :param said: what the index says of it, if it is an entry of one
        :raises Incomplete: something that it names is missing
        :raises ImageUnsupported: it is no image
        :raises PlatformNotFound: there is none for the platform
        """
        kind = self._types.get(digest, "")
        for _ in range(_DEEPEST_INDEX):
            found = manifests.parse(name, self.document(name, digest), kind)
            if isinstance(found, manifests.Manifest):
                self._check(name, found)
                return dataclasses.replace(found, platform=said)
            entry = found.choose(name, wanted)
            digest, kind = entry.digest, entry.media_type
            said = entry.platform or said
        raise exception.ImageUnsupported(
            f"{name} cannot be copied: its indexes point to indexes"
        )

    def document(self, name: str, digest: str) -> bytes:
        """Give a manifest or a configuration.

        :raises Incomplete: it is missing
        :raises ImageUnsupported: it is too long for one
        """
        if digest in self._documents:
            return self._documents[digest]
        if digest in self.places:
            raise exception.ImageUnsupported(
                f"{name} cannot be copied: {digest} should be a manifest or "
                "a configuration, and is none, or a very long one"
            )
        raise _incomplete(name, [digest])

    def _check(self, name: str, manifest: manifests.Manifest) -> None:
        named = [manifest.config, *manifest.distinct_layers()]
        missing = [
            each.digest for each in named if each.digest not in self.places
        ]
        if missing:
            raise _incomplete(name, missing)

    def _keep(self, digest: str, data: bytes) -> None:
        if data.lstrip()[:1] != b"{":
            return
        _check_digest(digest, data)
        self._kept += len(data)
        if self._kept > _MOST_DOCUMENTS:
            raise exception.ImageUnsupported(
                "The image has more manifests and configurations than are "
                "read of an engine's archive"
            )
        self._documents[digest] = data

    def _note(self, index: bytes) -> None:
        # A manifest may leave out its own type.
        with contextlib.suppress(
            KeyError, RecursionError, TypeError, ValueError
        ):
            for entry in json.loads(index)["manifests"]:
                self._types[str(entry["digest"])] = str(entry["mediaType"])


class Layers:
    """Reads layers of an archive, in the order in which they come."""

    def __init__(self, pieces: Iterable[bytes]):
        """Store what to read."""
        self._members = _members(pieces)

    def read(self, layer: manifests.Descriptor) -> Iterator[bytes]:
        """Give the pieces of a layer.

        :raises ArchiveDamaged: it does not come, or it is not what its
            digest and size say
        """
        for tar, member in self._members:
            if _digest(member) == layer.digest:
                algorithm, _, value = layer.digest.partition(":")
                found = hashlib.new(algorithm, usedforsecurity=False)
                for piece in tars.content(tar, member, _PIECE):
                    found.update(piece)
                    yield piece
                if (found.hexdigest(), member.size) != (value, layer.size):
                    raise _damaged(layer.digest)
                return
        raise exception.ArchiveDamaged(
            f"The engine's second archive lacks the layer {layer.digest}: "
            "somebody has removed the image meanwhile"
        )


class _File:
    """Pieces as something that is read; any length will do."""

    def __init__(self, pieces: Iterable[bytes]):
        self._pieces = iter(pieces)

    def read(self, size: int = -1) -> bytes:
        return next(self._pieces, b"")


def _members(pieces: Iterable[bytes]) -> Iterator[tars.Pair]:
    return iter(tars.Members(_File(pieces), _PIECE))


def _digest(member: tarfile.TarInfo) -> str | None:
    found = _BLOB.fullmatch(member.name)
    return f"{found[1]}:{found[2]}" if found and member.isreg() else None


def _check_digest(digest: str, data: bytes) -> None:
    algorithm, _, value = digest.partition(":")
    if algorithm not in ("sha256", "sha512"):
        return
    found = hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()
    if found != value:
        raise _damaged(digest)


def _damaged(digest: str) -> exception.ArchiveDamaged:
    return exception.ArchiveDamaged(
        f"The engine's archive has something else as {digest}"
    )


def _incomplete(name: str, missing: list[str]) -> errors.Incomplete:
    more = f" and {len(missing) - 1} more" if missing[1:] else ""
    return errors.Incomplete(
        f"The engine saved {name} without the blob {missing[0]}{more}, and "
        "reported no error"
    )
