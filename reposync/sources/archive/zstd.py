# SPDX-License-Identifier: Apache-2.0
"""Unpacks layers that not every engine can read.

Docker engines before version 23 cannot load a layer packed with Zstandard
(RFC 8878).  Such a layer is unpacked on the way.  Its length is not known
then, so it is read twice, first to count: that costs time on the network,
and neither memory nor disk.  The digest of what comes out is in the image
configuration.
"""

from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterator
import contextlib
import dataclasses
import hashlib
import json

import zstandard

from reposync import exception
from reposync.sources.oci import manifests

Read = Callable[[manifests.Descriptor], Iterator[bytes]]

_PIECE = 512 * 1024
#: Memory a frame may ask for; RFC 8878 wants 8 MiB to be supported.
_WINDOW = 64 * 1024 * 1024
_PACKED = ("+zstd", ".zstd")
#: How many times its own length a layer may unpack to: as often as gzip can.
#: What is short enough may have been nothing but zeros.
_MOST_TIMES = 1032
_SHORT = 16 * 1024 * 1024


def is_packed(layer: manifests.Descriptor) -> bool:
    """Tell whether a layer has to be unpacked."""
    return layer.media_type.endswith(_PACKED)


def measure(
    layer: manifests.Descriptor,
    diff_id: str,
    read: Read,
    note: Callable[[int], None],
    most: int,
) -> manifests.Descriptor:
    """Find out what a layer will be once it is unpacked.

    :param diff_id: digest of what it unpacks to
    :param note: told how many bytes have come out so far; called for what
        goes in as well, since much of it may unpack to nothing
    :param most: bytes that may come out
    :raises ArchiveDamaged: it does not unpack
    :raises ImageUnsupported: it unpacks to too much
    """
    size = 0

    def noted() -> Generator[bytes, None, None]:
        for piece in read(layer):
            note(size)
            yield piece

    with contextlib.closing(noted()) as pieces:
        for piece in _unpack(layer, pieces):
            size += len(piece)
            _refuse_bomb(layer, size, most)
            note(size)
    kind = layer.media_type
    for suffix in _PACKED:
        kind = kind.removesuffix(suffix)
    return dataclasses.replace(
        layer, media_type=kind, digest=diff_id, size=size
    )


class Unpacking:
    """Reads some layers unpacked and the others as they are."""

    def __init__(self, read: Read):
        """Begin with none to unpack.

        :param read: gives a layer as it is
        """
        self._read = read
        self._packed: dict[str, manifests.Descriptor] = {}

    def add(
        self, packed: manifests.Descriptor, unpacked: manifests.Descriptor
    ) -> None:
        """Let a layer be read unpacked."""
        self._packed[unpacked.digest] = packed

    def read(self, layer: manifests.Descriptor) -> Iterator[bytes]:
        """Give a layer's pieces.

        :raises ArchiveDamaged: digest or size is wrong
        """
        packed = self._packed.get(layer.digest)
        if packed is None:
            yield from self._read(layer)
            return
        algorithm = layer.digest.partition(":")[0]
        digest = hashlib.new(algorithm, usedforsecurity=False)
        size = 0
        for piece in _unpack(packed, self._read(packed)):
            size += len(piece)
            if size > layer.size:
                break
            digest.update(piece)
            yield piece
        found = f"{algorithm}:{digest.hexdigest()}", size
        if found != (layer.digest, layer.size):
            raise exception.ArchiveDamaged(
                f"The layer {packed.digest} does not unpack to {layer.digest}"
            )


def rewritten(
    manifest: manifests.Manifest, layers: list[manifests.Descriptor]
) -> tuple[str, manifests.Manifest]:
    """Put other layers, and the usual types, into a manifest.

    :returns: its new digest, and the manifest
    """
    value = json.loads(manifest.body)
    value["schemaVersion"] = 2
    value["mediaType"] = manifest.media_type
    value["config"]["mediaType"] = manifest.config.media_type
    value["layers"] = [
        {
            "mediaType": layer.media_type,
            "digest": layer.digest,
            "size": layer.size,
        }
        for layer in layers
    ]
    body = json.dumps(value, separators=(",", ":")).encode()
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    return digest, dataclasses.replace(
        manifest, body=body, layers=tuple(layers), odd=False
    )


def _refuse_bomb(layer: manifests.Descriptor, size: int, most: int) -> None:
    if size > most:
        raise exception.ImageUnsupported(
            f"The layer {layer.digest} makes the image larger, once it is "
            "unpacked, than [registry] max_image_size allows"
        )
    if size > max(_SHORT, layer.size * _MOST_TIMES):
        raise exception.ImageUnsupported(
            f"The layer {layer.digest} has {layer.size} bytes and unpacks to "
            f"more than {size - 1}: no layer of files does. It is refused"
        )


class _File:
    """Pieces as something that is read."""

    def __init__(self, pieces: Iterator[bytes]):
        self._pieces = pieces

    def read(self, size: int = -1) -> bytes:
        # Fewer bytes than wanted are no harm, and pieces are small.
        return next(self._pieces, b"")


def _unpack(
    layer: manifests.Descriptor, pieces: Iterator[bytes]
) -> Iterator[bytes]:
    packed = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    reader = packed.stream_reader(
        _File(pieces),  # type: ignore[arg-type]
        read_across_frames=True,
    )
    try:
        while piece := reader.read(_PIECE):
            yield piece
    except zstandard.ZstdError as error:
        raise exception.ArchiveDamaged(
            f"The layer {layer.digest} cannot be unpacked: {error}"
        ) from error
