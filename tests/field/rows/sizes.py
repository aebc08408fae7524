# SPDX-License-Identifier: Apache-2.0
"""Sizes and digests."""

import gzip
import json

import zstandard

from lab import images
from tests.field import handmade
from tests.field.row import row

MIB = 1024**2


def changed(registry, change):
    """Put an image after a change to its manifest; returns its name."""
    manifest = handmade.image(registry)
    change(manifest)
    body = json.dumps(manifest).replace('"1e400"', "1e400")
    return handmade.named(registry, body.encode())


@row(
    "A layer, a configuration or an entry of an index with a size of 2**63, "
    "2**88, -1, 1.5, ``true``, ``null`` or a string.",
    "Refused at once, and no other copy feels it.",
)
def sizes(field):
    registry, names = field.registry(), {}
    for size in (2**63, 2**88, -1, 1.5, True, None, "9", "1e400"):
        for part in (lambda m: m["layers"][0], lambda m: m["config"]):
            name = changed(
                registry, lambda m, p=part, n=size: p(m).update(size=n)
            )
            is_number = size != "1e400"
            names[name] = "a size is" if is_number else "a number is too great"
    entry = handmade.put(registry, b"{}") | handmade.platform("linux/amd64")
    listed = handmade.index(entry | {"size": 2**63})
    names[handmade.named(registry, listed)] = "a size is"
    handmade.all_refused(field, names)


@row(
    "Two layers of 2**61 bytes each.",
    "Refused: their sum is no size either.",
)
def a_sum(field):
    def change(manifest):
        layer = manifest["layers"][0] | {"size": 2**61}
        manifest["layers"] = [layer, layer]

    name = changed(field.registry(), change)
    handmade.all_refused(field, {name: "2**62"})


@row(
    "A configuration of more than 8 MiB.",
    "Refused, with its length and the limit.",
)
def a_long_configuration(field):
    registry = field.registry()
    labels = {"Labels": {"a": "x" * (9 * MIB)}}
    handmade.put(registry, handmade.image(registry, config={"config": labels}))
    field.fails(
        handmade.name(registry), "image_unsupported", "8388608", "configurat"
    )


@row(
    "A configuration of 7 MiB.",
    "Copied.",
)
def a_long_enough_configuration(field):
    registry = field.registry()
    labels = {"Labels": {"a": "x" * (7 * MIB)}}
    handmade.put(registry, handmade.image(registry, config={"config": labels}))
    field.succeeds(handmade.name(registry))


# https://github.com/moby/moby/issues/48241
@row(
    "A layer or a configuration named by SHA-512.",
    "Refused: no engine loads such an image.",
)
def sha512(field):
    registry = field.registry()
    digest = handmade.digest_of(b"", "sha512")
    names = [
        changed(registry, lambda m: m["layers"][0].update(digest=digest)),
        changed(registry, lambda m: m["config"].update(digest=digest)),
    ]
    handmade.all_refused(field, dict.fromkeys(names, "Push it with sha256"))


@row(
    "A manifest and an index named by SHA-512; the blobs by SHA-256.",
    "Copied; the archive names the manifest by its SHA-256.",
)
def a_manifest_by_sha512(field):
    registry = field.registry()
    manifest = handmade.image(registry)
    entry = handmade.put(registry, manifest, algorithm="sha512")
    listed = handmade.index(entry | handmade.platform("linux/amd64"))
    handmade.put(registry, listed, listed["mediaType"], algorithm="sha512")
    found = field.succeeds(handmade.name(registry))
    field.assertIn("sha512:", found["image"]["docker_digest"])


@row(
    "An image larger than [registry] max_image_size.",
    "Refused before a layer is read.",
)
def too_large(field):
    registry = field.registry()
    manifest = handmade.image(registry)
    manifest["layers"][0]["size"] = 1024**4 + 1
    handmade.put(registry, manifest)
    name = handmade.name(registry)
    field.fails(name, "image_unsupported", "max_image_size")
    layer = manifest["layers"][0]["digest"]
    field.assertEqual(0, registry.count(f"GET .*/blobs/{layer}"))


@row(
    "A layer of 4 KB of Zstandard that unpacks to 128 MiB.",
    "Refused soon after it has unpacked to more than a layer of files can.",
)
def a_bomb(field):
    registry = field.registry()
    plain = bytes(128 * MIB)
    manifest = handmade.image(
        registry,
        layer_type=f"{images.OCI.layer}+zstd",
        packed=zstandard.compress(plain),
        plain=plain,
    )
    handmade.put(registry, manifest)
    found = field.fails(
        handmade.name(registry), "image_unsupported", "unpacks to more"
    )
    field.assertEqual(1, found["attempt"])


@row(
    "A layer of Zstandard with a skippable frame and several others, as "
    "``zstd:chunked`` of Podman writes it.",
    "Copied.",
)
def frames(field):
    registry = field.registry()
    plain = handmade.tar()
    skipped = b"\x50\x2a\x4d\x18\x05\x00\x00\x00chunk"
    halves = plain[:700], plain[700:]
    packed = skipped.join(map(zstandard.compress, halves)) + skipped
    manifest = handmade.image(
        registry,
        layer_type=f"{images.OCI.layer}+zstd",
        packed=packed,
        plain=plain,
    )
    handmade.put(registry, manifest)
    field.succeeds(handmade.name(registry))


@row(
    "A manifest packed with gzip within gzip, as its Content-Encoding says.",
    "It is not unpacked: a bomb would keep a processor busy for hours.",
)
def packed_twice(field):
    registry = field.registry()
    handmade.put(registry, handmade.image(registry))

    def twice(handler):
        body = gzip.compress(gzip.compress(b'{"schemaVersion": 2}'))
        handler.answer(200, body, Content_Encoding="gzip, gzip")
        return True

    registry.on("GET .*/manifests", twice)
    field.fails(handmade.name(registry), "source_unavailable", "no registry")
