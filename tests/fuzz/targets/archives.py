# SPDX-License-Identifier: Apache-2.0
"""Archives that engines save, and layers that have to be unpacked."""

from collections.abc import Iterator
import hashlib
import io
import json

import zstandard

from reposync import exception
from reposync.sources.archive import verifier
from reposync.sources.archive import zstd
from reposync.sources.docker import containerd_archive
from reposync.sources.oci import descriptors
from reposync.sources.oci import platforms
from tests.fuzz import recipes
from tests.fuzz.bounds import require
from tests.fuzz.bounds import Target
from tests.fuzz.targets import images

_PIECE = 1000
_WANTED = platforms.Platform.parse("linux/amd64")
_MIB = 1024 * 1024


def _archive_seeds() -> Iterator[bytes]:
    config = {"rootfs": {"diff_ids": ["sha256:@0"]}, "os": "linux"}
    entry = {"Config": "blobs/sha256/@1", "RepoTags": ["a:1"],
             "Layers": ["blobs/sha256/@0"]}  # fmt: skip
    manifest = images.manifest(
        config=images.manifest()["config"] | {"digest": "sha256:@1"},
        layers=[images.manifest()["layers"][0] | {"digest": "sha256:@0"}],
    )
    index = images.index(
        manifests=[
            {"mediaType": "x", "digest": "sha256:@2", "size": 5,
             "platform": {"os": "linux", "architecture": "amd64"}}
        ]
    )  # fmt: skip
    members = [
        ["blobs/sha256/@", "a layer"],
        ["blobs/sha256/@", config],
        ["blobs/sha256/@", manifest],
        ["blobs/sha256/@", index],
        ["index.json", {"manifests": [{"digest": "sha256:@3",
                                       "mediaType": "x"}]}],
        ["manifest.json", [entry]],
    ]  # fmt: skip
    yield json.dumps(members).encode()
    old = [
        ["a/layer.tar", "a layer", {"pax": {"mtime": "1.5"}}],
        ["@.json", {"rootfs": {"diff_ids": ["sha256:@0"]}}],
        ["b/layer.tar", "", {"type": "2", "linkname": "../a/layer.tar"}],
        ["c", "", {"type": "5"}],
        ["manifest.json", [entry | {"Config": "@1.json",
                                    "Layers": ["b/layer.tar"]}]],
    ]  # fmt: skip
    yield json.dumps(old).encode()
    yield json.dumps([["x", "y", {"size": -1}]]).encode()
    sparse = {"GNU.sparse.major": "1", "GNU.sparse.map": "0,1"}
    yield json.dumps([["x", "y", {"pax": sparse}]]).encode()
    yield recipes.build(json.dumps(old).encode())


def _archives(data: bytes) -> None:
    tar = recipes.build(data)
    config, name = recipes.names(tar)
    errors = []
    for read in (
        lambda: _verified(tar, recipes.digest(tar, config), name),
        lambda: _contents(tar),
    ):
        try:
            read()
        except exception.ReposyncError as error:
            errors.append(error)
    if errors:
        raise max(errors, key=lambda error: len(str(error)))


def _verified(tar: bytes, image_id: str, name: str) -> None:
    found = b"".join(
        verifier.verified(_pieces(tar), image_id, name, 64 * _MIB)
    )
    require(found == tar, "another archive")


def _contents(tar: bytes) -> None:
    contents = containerd_archive.Contents(_pieces(tar))
    top = list(contents.places)[-1:]
    for digest in (*contents._types, *top):
        found = contents.manifest("x", digest, _WANTED, None)
        contents.document("x", found.config.digest)
        layers = containerd_archive.Layers(_pieces(tar))
        for layer in sorted(
            found.distinct_layers(),
            key=lambda layer: contents.places[layer.digest],
        ):
            data = b"".join(layers.read(layer))
            require(len(data) == layer.size, "another length")


def _pieces(data: bytes) -> Iterator[bytes]:
    return (data[n : n + _PIECE] for n in range(0, len(data), _PIECE))


def _layer_seeds() -> Iterator[bytes]:
    for level, data in ((1, b"a" * 5000), (19, bytes(range(256)) * 9)):
        yield zstandard.compress(data, level)
    made = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(
            window_log=26, write_checksum=True, write_content_size=False
        ),
    )
    frame = made.compress(b"abcd" * 99)
    skipped = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
    yield frame
    yield skipped + zstandard.compress(b"x" * 99) + skipped
    yield zstandard.compress(bytes(30 * _MIB))
    out = io.BytesIO()
    with zstandard.ZstdCompressor().stream_writer(out, closefd=False) as file:
        file.write(b"stream" * 99)
    yield out.getvalue()


def _layers(data: bytes) -> None:
    layer = descriptors.Descriptor(
        "application/vnd.oci.image.layer.v1.tar+zstd",
        f"sha256:{hashlib.sha256(data).hexdigest()}",
        len(data),
    )
    seen = []
    unpacking = zstd.Unpacking(lambda _: _pieces(data))
    found = zstd.measure(
        layer, images.BLOB["digest"], lambda _: _pieces(data), seen.append,
        64 * _MIB,
    )  # fmt: skip
    require(seen or not data, "nobody was asked")
    require(0 <= found.size <= 64 * _MIB, "a size", found.size)
    unpacking.add(layer, found)
    size = 0
    try:
        for piece in unpacking.read(found):
            size += len(piece)
    except exception.ArchiveDamaged:
        # Its digest is another one.
        require(size == found.size, "another length", size)
        raise


TARGETS = {
    "archives": Target(_archives, _archive_seeds),
    "layers": Target(_layers, _layer_seeds),
}
