# SPDX-License-Identifier: Apache-2.0
"""Manifests and media types."""

import json

from lab import images
from tests.field import handmade
from tests.field.row import row

NOT_DISTRIBUTED = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"


# https://github.com/goharbor/harbor/issues/7853,
# https://github.com/moby/moby/issues/31318 and /19526 (Quay: text/html)
@row(
    "A manifest without ``mediaType`` that is served as "
    "``application/octet-stream``, ``text/plain``, ``text/html`` or "
    "``application/json; charset=utf-8``.",
    "It is told by what is in it.",
)
def served_as_a_file(field):
    registry, expected = field.registry(), {}
    for served in (
        "application/octet-stream",
        "text/plain",
        "text/html",
        "application/json; charset=utf-8",
        "",
    ):
        manifest = handmade.image(registry)
        del manifest["mediaType"]
        name = handmade.named(registry, manifest, served)
        expected[name] = manifest["config"]["digest"]
    found = handmade.all_succeed(field, expected)
    ids = [each["docker_id"] for each in found]
    field.assertEqual(list(expected.values()), ids)


@row(
    "An index without ``mediaType``, served as ``application/json``.",
    "It is told by what is in it, and the image of the platform is taken.",
)
def an_index_as_a_file(field):
    registry = field.registry()
    entry = handmade.put(registry, handmade.image(registry))
    listed = handmade.index(entry | handmade.platform("linux/amd64"))
    del listed["mediaType"]
    handmade.put(registry, listed, "application/json")
    field.succeeds(handmade.name(registry))


@row(
    "Media types in capital letters and with parameters.",
    "Neither counts.",
)
def letters_and_parameters(field):
    registry = field.registry()
    manifest = handmade.image(
        registry,
        config_type=f"{images.OCI.config}; charset=utf-8",
        layer_type=handmade.LAYER.upper(),
    )
    served = f"{images.OCI_MANIFEST.upper()};charset=UTF-8"
    manifest["mediaType"] = served
    handmade.put(registry, manifest, served)
    field.succeeds(handmade.name(registry))


# https://github.com/moby/moby/issues/30083 (gcr.io: text/html)
@row(
    "A configuration whose media type is ``application/octet-stream``, "
    "``application/json``, ``text/html`` or left out.",
    "It is a configuration, as it is to engines; in the archive it has the "
    "usual type.",
)
def a_configuration_of_plain_type(field):
    registry = field.registry()
    kinds = ("application/octet-stream", "application/json", "text/html", None)
    made = (handmade.image(registry, config_type=kind) for kind in kinds)
    handmade.all_succeed(
        field, [handmade.named(registry, each) for each in made]
    )


@row(
    "Layers of the types ``application/octet-stream``, "
    "``application/x-gzip``, Docker's with ``+gzip`` or ``.zst``, OCI's with "
    "``.gzip``.",
    "They are layers; in the archive they have types that engines know.",
)
def layers_of_odd_types(field):
    registry = field.registry()
    kinds = (
        "application/octet-stream",
        "application/x-gzip",
        f"{images.DOCKER.layer}+gzip",
        f"{images.OCI.layer}.gzip",
    )
    made = (handmade.image(registry, layer_type=kind) for kind in kinds)
    handmade.all_succeed(
        field, [handmade.named(registry, each) for each in made]
    )


# https://github.com/opencontainers/image-spec/security/advisories/
# GHSA-77vh-xpmg-72qh (CVE-2021-41190)
@row(
    "A document that is a manifest and an index at the same time.",
    "Refused: two readers would find two images in it.",
)
def manifest_and_index(field):
    registry = field.registry()
    other = handmade.put(registry, b"{}", tag="other")
    manifest = handmade.image(registry) | {"manifests": [other]}
    name = handmade.named(registry, manifest)
    handmade.all_refused(field, {name: "at the same time"})


@row(
    "A manifest of schema 1, served as ``application/json``.",
    "Refused, with the advice to push the image anew.",
)
def schema_1(field):
    registry = field.registry()
    manifest = {"schemaVersion": 1, "name": "a", "fsLayers": []}
    name = handmade.named(registry, manifest, "application/json")
    handmade.all_refused(field, {name: "schema 1, which"})


@row(
    "A Helm chart, a WASM module and an artifact with an empty configuration.",
    "Refused: no image, but an artifact of its type.",
)
def artifacts(field):
    registry, words = field.registry(), {}
    for kind in (
        "application/vnd.cncf.helm.config.v1+json",
        "application/vnd.wasm.config.v0+json",
        "application/vnd.oci.empty.v1+json",
        "application/vnd.docker.plugin.v1+json",
    ):
        manifest = handmade.image(registry, config_type=kind)
        words[handmade.named(registry, manifest)] = kind
    handmade.all_refused(field, words)


@row(
    "A layer that is encrypted, that may not be distributed, an attestation, "
    "a signature, or one that needs a snapshotter (EROFS, Nydus).",
    "Refused, each with its reason.",
)
def layers_that_are_none(field):
    registry, words = field.registry(), {}
    for kind, word in (
        (f"{handmade.LAYER}+encrypted", "encrypted"),
        (NOT_DISTRIBUTED, "may not be distributed"),
        ("application/vnd.in-toto+json", "attestation"),
        ("application/vnd.dev.cosign.simplesigning.v1+json", "signature"),
        ("application/vnd.erofs.layer.v1", "snapshotter"),
        ("application/vnd.oci.image.layer.nydus.blob.v1", "snapshotter"),
    ):
        manifest = handmade.image(registry, layer_type=kind)
        words[handmade.named(registry, manifest)] = word
    handmade.all_refused(field, words)


@row(
    "No JSON at all, JSON nested 100,000 deep, a key twice, ``NaN`` as a "
    "size, no UTF-8, a byte order mark, a list as ``mediaType``.",
    "Refused at once; nothing is tried again.",
)
def no_manifest(field):
    registry, words = field.registry(), {}
    good = json.dumps({"schemaVersion": 2, "manifests": []}).encode()
    for body in (
        b"what is this",
        b"[" * 100_000,
        b'{"mediaType": "a", "mediaType": "b"}',
        b'{"config": {"size": NaN}}',
        b'{"mediaType": "\xff\xfe"}',
        b"\xef\xbb\xbf" + good,
        b'{"mediaType": ["a"], "config": {}}',
        good,
    ):
        words[handmade.named(registry, body)] = ""
    handmade.all_refused(field, words)
