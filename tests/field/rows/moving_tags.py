# SPDX-License-Identifier: Apache-2.0
"""Tags that move while the image of the platform stays."""

import hashlib
import json

from lab import images
from tests.field.row import row

_INDEX = "application/vnd.oci.image.index.v1+json"


def _entry(registry, digest, architecture, **more):
    media_type, body = registry.manifests[digest]
    platform = {"os": "linux", "architecture": architecture}
    return {
        "mediaType": media_type,
        "digest": digest,
        "size": len(body),
        "platform": platform,
    } | more


def _tag(registry, entries, **more):
    """Let the tag point at an index."""
    value = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": entries}
    body = json.dumps(value | more).encode()
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    registry.manifests[digest] = _INDEX, body
    registry.tags["team/app", "1"] = digest
    return digest


def _attestation(registry, of):
    body = json.dumps({"schemaVersion": 2, "config": {}, "layers": []})
    digest = f"sha256:{hashlib.sha256(body.encode()).hexdigest()}"
    registry.manifests[digest] = images.OCI_MANIFEST, body.encode()
    notes = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": of,
    }
    return _entry(registry, digest, "unknown", annotations=notes) | {
        "platform": {"os": "unknown", "architecture": "unknown"}
    }


# Docker's official images are rebuilt platform by platform:
# https://github.com/docker-library/official-images
@row(
    "A tag's index gets another platform, an annotation or an attestation; or "
    "it becomes the manifest alone, and an index again. The manifest of the "
    "wanted platform is the same.",
    "Nothing is copied, the image keeps its id, and ``docker_digest`` is what "
    "the tag points at now; one question more, and none for the next "
    "synchronisation.",
)
def index_moves(test):
    registry = test.registry()
    other = test.image(registry, tag="other")
    image = test.image(registry)
    name = f"{registry.host}/team/app:1"
    both = [
        _entry(registry, image.digest, "amd64"),
        _entry(registry, other.digest, "s390x"),
    ]
    _tag(registry, both[:1])
    first = test.succeeds(name)["image"]
    layers = registry.count("GET .*/blobs/")
    for move in (
        lambda: _tag(registry, both),
        lambda: _tag(registry, both, annotations={"built": "again"}),
        lambda: _tag(registry, [*both, _attestation(registry, image.digest)]),
        lambda: (
            registry.tags.update({("team/app", "1"): image.digest})
            or image.digest
        ),
        lambda: _tag(registry, both[::-1]),
    ):
        digest = move()
        read = registry.count("GET .*/manifests/")
        found = test.succeeds(name)
        read = registry.count("GET .*/manifests/") - read
        test.assertEqual(digest != image.digest, read)
        test.assertEqual("unchanged", found["outcome"])
        test.assertEqual(
            (first["id"], digest, first["docker_id"]),
            tuple(
                found["image"][key]
                for key in ("id", "docker_digest", "docker_id")
            ),
        )
        asked = registry.count("GET ")
        test.assertEqual("unchanged", test.succeeds(name)["outcome"])
        test.assertEqual(asked, registry.count("GET "))
    test.assertEqual(layers, registry.count("GET .*/blobs/"))
    _tag(registry, [_entry(registry, other.digest, "amd64")])
    read = registry.count("GET .*/manifests/")
    test.assertEqual("updated", test.succeeds(name)["outcome"])
    # The index and the manifest, each once; configuration and layer.
    test.assertEqual(read + 2, registry.count("GET .*/manifests/"))
    test.assertEqual(layers + 2, registry.count("GET .*/blobs/"))


@row(
    "A tag moves to a manifest with other annotations, of the same "
    "configuration.",
    "Nothing is copied: the image is what its configuration names.",
)
def manifest_moves(test):
    registry = test.registry()
    image = test.image(registry)
    name = f"{registry.host}/team/app:1"
    first = test.succeeds(name)["image"]
    media_type, body = registry.manifests[image.digest]
    value = json.loads(body) | {"annotations": {"built": "again"}}
    body = json.dumps(value).encode()
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    registry.manifests[digest] = media_type, body
    registry.tags["team/app", "1"] = digest
    found = test.succeeds(name)
    test.assertEqual("unchanged", found["outcome"])
    test.assertEqual(first["id"], found["image"]["id"])
    test.assertEqual(digest, found["image"]["docker_digest"])
