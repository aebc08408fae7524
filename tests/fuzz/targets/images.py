# SPDX-License-Identifier: Apache-2.0
"""Manifests, indexes and configurations of images."""

from collections.abc import Iterator
import json

from reposync import exception
from reposync import reference as ref
from reposync.drivers.glance import properties as glance_properties
from reposync.drivers.opennebula import image as opennebula_image
from reposync.drivers.opennebula.xmlrpc import template as opennebula_template
from reposync.sources import base
from reposync.sources.archive import writer
from reposync.sources.archive import zstd
from reposync.sources.oci import descriptors
from reposync.sources.oci import manifests
from reposync.sources.oci import media_types
from reposync.sources.oci import platforms
from reposync.sources.registry import archive as registry_archive
from reposync.sources.registry import lookup as registry_lookup
from tests.fuzz import message
from tests.fuzz.bounds import Finding
from tests.fuzz.bounds import require
from tests.fuzz.bounds import Target

NAME = "registry.example.org/team/app:1"
REFERENCE = ref.Reference.parse(NAME)
BLOB = {"digest": "sha256:" + "0" * 64, "size": 5}
WANTED = (
    "linux/amd64",
    "linux/arm64/v8",
    "linux/arm/v7",
    "windows(10.0.20348.1+win32k)/amd64",
)
_CONFIG = {
    "architecture": "amd64",
    "os": "linux",
    "variant": "v8",
    "os.version": "10.0.20348.1",
    "os.features": ["win32k"],
    "config": {"Labels": {"eu.indigo-datacloud.type": "linux"}},
    "rootfs": {"type": "layers", "diff_ids": [BLOB["digest"]]},
}


def manifest(**more) -> dict:
    """Make a manifest."""
    layers = [
        {"mediaType": f"application/vnd.oci.image.layer.v1.tar{end}"} | BLOB
        for end in ("+gzip", "+zstd", "")
    ]
    return {
        "schemaVersion": 2,
        "mediaType": manifests.OCI_MANIFEST,
        "config": {"mediaType": media_types.OCI_CONFIG} | BLOB,
        "layers": layers,
        "annotations": {"a": "b"},
    } | more


def index(**more) -> dict:
    """Make an index."""
    found = [
        {"mediaType": manifests.OCI_MANIFEST, "platform": platform} | BLOB
        for platform in (
            {"os": "linux", "architecture": "amd64"},
            {"os": "linux", "architecture": "arm", "variant": "v7"},
            {"os": "windows", "architecture": "amd64",
             "os.version": "10.0.1.1", "os.features": ["win32k"]},
            {"os": "unknown", "architecture": "unknown"},
        )
    ]  # fmt: skip
    return {
        "schemaVersion": 2,
        "mediaType": manifests.OCI_INDEX,
        "manifests": found,
    } | more


def _manifest_seeds() -> Iterator[bytes]:
    yield message.write(manifest(), content_type=manifests.OCI_MANIFEST)
    docker = json.dumps(manifest(mediaType=manifests.DOCKER_MANIFEST))
    docker = docker.replace(
        "vnd.oci.image.layer.v1.tar+gzip", "vnd.docker.image.rootfs.diff.tar"
    )
    yield message.write(docker.encode(), content_type="text/html")
    yield message.write(manifest(artifactType="application/spdx+json"))
    yield message.write(manifest(mediaType=None, config={"mediaType": ""}))
    yield b'{"schemaVersion": 1, "fsLayers": [], "signatures": []}'


def _index_seeds() -> Iterator[bytes]:
    yield message.write(index(), content_type=manifests.OCI_INDEX)
    yield message.write(index(mediaType=manifests.DOCKER_INDEX))
    yield message.write(index(manifests=[BLOB | {"platform": None}]))
    odd = BLOB | {"digest": "blake3:abc", "mediaType": "x"}
    yield message.write(index(manifests=[odd, BLOB]))


def _config_seeds() -> Iterator[bytes]:
    yield message.write(_CONFIG)
    yield message.write(_CONFIG | {"config": None, "os": ""})


def _parsed(data: bytes) -> manifests.Manifest | manifests.Index:
    fields, body = message.read(data)
    found = manifests.parse(NAME, body, fields.get("content-type", ""))
    registry_lookup.refuse_others(body, "r.example", REFERENCE)
    return found


def _manifest(data: bytes) -> None:
    found = _parsed(data)
    if isinstance(found, manifests.Index):
        return
    for each in (found.config, *found.layers):
        _check_descriptor(each)
    layers = list(found.layers)
    require(sum(each.size for each in layers) < 2**63, "too many bytes")
    _, made = zstd.rewritten(found, layers)
    try:
        again = manifests.parse(NAME, made.body, made.media_type)
    except exception.ReposyncError as error:
        raise Finding(f"what is made of it is refused: {error}") from error
    require(isinstance(again, manifests.Manifest), "another kind", made.body)
    blobs, before = ([_blob(x) for x in m.layers] for m in (again, found))
    require(blobs == before, "other layers", made.body)
    require(not again.odd, "still odd", made.body)
    layout = writer.Layout(REFERENCE, found.config.digest, found, b"{}")
    require(layout.size < 2**63, "an archive without end")


def _index(data: bytes) -> None:
    found = _parsed(data)
    if isinstance(found, manifests.Manifest):
        return
    for each in found.manifests:
        _check_descriptor(each)
    errors = []
    for text in WANTED:
        try:
            chosen = found.choose(NAME, platforms.Platform.parse(text))
            require(chosen in found.manifests, "none of the index")
        except exception.ReposyncError as error:
            errors.append(error)
    if errors:
        raise max(errors, key=lambda error: len(str(error)))


def _configuration(data: bytes) -> None:
    _, body = message.read(data)
    resolved = base.ResolvedImage(REFERENCE, "", "linux/amd64")
    layer = descriptors.Descriptor("x", f"sha256:{'0' * 64}", 1)
    complete, diff_ids = registry_archive.complete(
        resolved,
        manifests.Manifest(b"", "", layer, (layer,) * _layers(body)),
        body,
    )
    require(all(map(ref.is_digest, diff_ids)), "no digests")
    values = glance_properties.properties(REFERENCE, complete)
    for value in values.values():
        require(value.isprintable() and len(value) <= 255, "a property", value)
    opennebula_template.render(
        opennebula_image.attributes(REFERENCE, complete)
    )
    for word in (complete.os, complete.architecture):
        require(isinstance(word, str) and word.isprintable(), "a word", word)


def _layers(body: bytes) -> int:
    try:
        return min(len(json.loads(body)["rootfs"]["diff_ids"]), 1000)
    except (ValueError, LookupError, TypeError, RecursionError):
        return 1


def _blob(layer: descriptors.Descriptor) -> tuple[str, str, int]:
    return layer.media_type, layer.digest, layer.size


def _check_descriptor(found: descriptors.Descriptor) -> None:
    require(0 <= found.size < 2**63, "a size", found.size)
    require(ref.is_digest(found.digest), "a digest", found)


TARGETS = {
    "manifests": Target(_manifest, _manifest_seeds),
    "indexes": Target(_index, _index_seeds),
    "configurations": Target(_configuration, _config_seeds),
}
