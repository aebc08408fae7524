# SPDX-License-Identifier: Apache-2.0
"""The layout of an archive made of a registry's own blobs.

One tar for all readers: an OCI image layout
(https://github.com/opencontainers/image-spec/blob/main/image-layout.md) that
also has the ``manifest.json`` of ``docker save``
(https://github.com/moby/docker-image-spec).  The blobs are as the registry
has them, compressed, so every length is known beforehand; times and owners
are nought, so the same image gives the same bytes, whoever makes them.
"""

from collections.abc import Callable
from collections.abc import Iterator
import json
import tarfile
from typing import Any

from reposync import reference as ref
from reposync.sources.oci import manifests

#: Size of the largest pieces that are handed on, in bytes.
PIECE = 1024 * 1024
_END = bytes(2 * tarfile.BLOCKSIZE)


class Layout:
    """An archive before its layers are there.

    :param manifest: of the image
    :param config: the image configuration
    :param order: the key by which layers are sorted; they come as in the
        manifest without one
    :ivar size: of the whole archive, in bytes
    """

    def __init__(
        self,
        reference: ref.Reference,
        digest: str,
        manifest: manifests.Manifest,
        config: bytes,
        order: Callable[[manifests.Descriptor], int] | None = None,
    ):
        """Put everything in front of the layers together.

        :param digest: of the manifest
        """
        layers = manifest.distinct_layers()
        if order is not None:
            layers.sort(key=order)
        self._layers = [
            (layer, _header(_path(layer.digest), layer.size))
            for layer in layers
        ]
        self._head = b"".join(
            _header(name, len(data)) + data + _padding(len(data))
            for name, data in (
                ("oci-layout", _json({"imageLayoutVersion": "1.0.0"})),
                ("index.json", _index(reference, digest, manifest)),
                ("manifest.json", _docker_manifest(reference, manifest)),
                (_path(digest), manifest.body),
                (_path(manifest.config.digest), config),
            )
        )
        self.size = (
            len(self._head)
            + sum(
                len(header) + layer.size + len(_padding(layer.size))
                for layer, header in self._layers
            )
            + len(_END)
        )

    def pieces(
        self, read: Callable[[manifests.Descriptor], Iterator[bytes]]
    ) -> Iterator[bytes]:
        """Give the archive in pieces of at most 1 MiB.

        :param read: gives a layer, and raises after its last piece unless
            it was whole; then the archive ends before its own last piece
        """
        for start in range(0, len(self._head), PIECE):
            yield self._head[start : start + PIECE]
        for layer, header in self._layers:
            yield header
            yield from read(layer)
            yield _padding(layer.size)
        yield _END


def _index(
    reference: ref.Reference, digest: str, manifest: manifests.Manifest
) -> bytes:
    _, _, tag = reference.archive_name.rpartition(":")
    annotations = {
        "io.containerd.image.name": _full_name(reference),
        "org.opencontainers.image.ref.name": tag,
    }
    entry = {
        "mediaType": manifest.media_type,
        "digest": digest,
        "size": len(manifest.body),
        "annotations": annotations,
    }
    return _json(
        {
            "schemaVersion": 2,
            "mediaType": manifests.OCI_INDEX,
            "manifests": [entry],
        }
    )


def _full_name(reference: ref.Reference) -> str:
    if reference.registry != ref.DOCKER_HUB:
        return reference.archive_name
    _, _, tag = reference.archive_name.rpartition(":")
    return f"{reference.canonical_name}:{tag}"


def _docker_manifest(
    reference: ref.Reference, manifest: manifests.Manifest
) -> bytes:
    return _json(
        [
            {
                "Config": _path(manifest.config.digest),
                "RepoTags": [reference.archive_name],
                "Layers": [_path(layer.digest) for layer in manifest.layers],
            }
        ]
    )


def _path(digest: str) -> str:
    algorithm, _, value = digest.partition(":")
    return f"blobs/{algorithm}/{value}"


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    # GNU's form differs from the others' only where a layer has 8 GiB; a
    # name of more than 100 characters takes two blocks more.
    return member.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
