# SPDX-License-Identifier: Apache-2.0
"""Images of a registry made by hand, right but for what a row changes."""

from collections.abc import Iterable
from collections.abc import Mapping
import gzip
import hashlib
import io
import json
import random
import tarfile
from typing import Any

from lab import images
from tests.field import registry as field_registry

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
REPOSITORY = "team/app"


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    """Give a digest as registries write it."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def tar() -> bytes:
    """Make the content of a layer."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("file")
        member.size = 1000
        archive.addfile(member, io.BytesIO(random.randbytes(1000)))
    return buffer.getvalue()


def blob(
    registry: field_registry.Registry,
    data: bytes,
    media_type: str | None,
    algorithm: str = "sha256",
) -> dict[str, Any]:
    """Store a blob; returns its descriptor.

    :param media_type: None for a descriptor without one
    """
    digest = digest_of(data, algorithm)
    registry.blobs[digest] = data
    entry = {"digest": digest, "size": len(data)}
    return entry | ({"mediaType": media_type} if media_type else {})


def image(
    registry: field_registry.Registry,
    *,
    config: Mapping[str, Any] | None = None,
    config_type: str | None = images.OCI.config,
    layer_type: str | None = LAYER,
    packed: bytes | None = None,
    plain: bytes | None = None,
) -> dict[str, Any]:
    """Store the blobs of an image; returns its manifest.

    :param config: what differs in its configuration
    :param packed: its layer as the registry has it; gzip unless told
    :param plain: what the layer unpacks to
    """
    plain = tar() if plain is None else plain
    packed = gzip.compress(plain, mtime=0) if packed is None else packed
    value = {
        "os": "linux",
        "architecture": "amd64",
        "rootfs": {"type": "layers", "diff_ids": [digest_of(plain)]},
    } | dict(config or {})
    data = json.dumps(value).encode()
    return {
        "schemaVersion": 2,
        "mediaType": images.OCI_MANIFEST,
        "config": blob(registry, data, config_type),
        "layers": [blob(registry, packed, layer_type)],
    }


def put(
    registry: field_registry.Registry,
    manifest: Mapping[str, Any] | bytes,
    served: str = images.OCI_MANIFEST,
    tag: str = "1",
    algorithm: str = "sha256",
) -> dict[str, Any]:
    """Store a manifest under a tag; returns its descriptor.

    :param served: the Content-Type that the registry gives it
    """
    body = manifest
    if not isinstance(manifest, bytes):
        body = json.dumps(manifest).encode()
    digest = digest_of(body, algorithm)
    registry.manifests[digest] = served, body
    registry.tags[REPOSITORY, tag] = digest
    return {"mediaType": served, "digest": digest, "size": len(body)}


def named(
    registry: field_registry.Registry,
    manifest: Mapping[str, Any] | bytes,
    served: str = images.OCI_MANIFEST,
) -> str:
    """Store a manifest under a new tag; returns its name."""
    tag = f"new{len(registry.tags)}"
    put(registry, manifest, served, tag)
    return name(registry, tag)


def index(*entries: Mapping[str, Any]) -> dict[str, Any]:
    """Make an index of descriptors."""
    return {
        "schemaVersion": 2,
        "mediaType": images.OCI_INDEX,
        "manifests": list(entries),
    }


def platform(text: str) -> dict[str, Any]:
    """Make the key of an index's entry that says its platform."""
    names = ("os", "architecture", "variant")
    words = dict(zip(names, text.split("/"), strict=False))
    return {"platform": words}


def name(registry: field_registry.Registry, tag: str = "1") -> str:
    """Give the name of what was put."""
    return f"{registry.host}/{REPOSITORY}:{tag}"


def pulled(field: Any, names: Iterable[str]) -> list[dict[str, Any]]:
    """Pull images at the same time; returns the operations at their end.

    :param field: the test, see `tests.field.base`
    """
    begun = [field.begin(each) for each in names]
    return [field.service.caller.ended(each, 90) for each in begun]


def all_succeed(field: Any, names: Iterable[str]) -> list[dict[str, Any]]:
    """Pull images that must arrive; returns them as the catalogue has them."""
    found = pulled(field, names)
    for each in found:
        field.assertEqual("succeeded", each["state"], each)
    return [each["image"] for each in found]


def all_refused(field: Any, words: Mapping[str, str]) -> None:
    """Pull images that must be refused at the first attempt.

    :param words: what the reason must hold, by name
    """
    ended = pulled(field, words)
    for each, word in zip(ended, words.values(), strict=True):
        field.assertEqual(
            ("failed", 1), (each["state"], each["attempt"]), each
        )
        field.assertEqual("image_unsupported", each["error"]["code"])
        field.assertIn(word, each["error"]["message"])
