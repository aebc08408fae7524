# SPDX-License-Identifier: Apache-2.0
"""Manifests as registries serve them, and as they should not."""

import json

import hypothesis
from hypothesis import strategies
import testtools

from reposync import exception
from reposync.sources.oci import manifests
from reposync.sources.oci import media_types
from reposync.sources.oci import platforms

DIGEST = "sha256:" + "0" * 64
LAYER = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}
CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json"}
BLOB = {"digest": DIGEST, "size": 1}


def manifest(**values):
    """Make a manifest of an image with one layer."""
    return {
        "schemaVersion": 2,
        "mediaType": manifests.OCI_MANIFEST,
        "config": CONFIG | BLOB,
        "layers": [LAYER | BLOB],
    } | values


def index(*entries):
    """Make an index."""
    usual = {"mediaType": manifests.OCI_MANIFEST} | BLOB
    return {
        "schemaVersion": 2,
        "mediaType": manifests.OCI_INDEX,
        "manifests": [usual | entry for entry in entries],
    }


class ParseTest(testtools.TestCase):
    """What is understood, and what is refused with a reason."""

    def parse(self, value, media_type=""):
        body = (
            value if isinstance(value, bytes) else json.dumps(value).encode()
        )
        return manifests.parse("x", body, media_type)

    def test_the_body_tells_its_type_or_else_the_registry(self):
        self.assertEqual(1, len(self.parse(manifest()).layers))
        plain = manifest(mediaType=None)
        found = self.parse(plain, f"{manifests.OCI_MANIFEST}; charset=utf-8")
        self.assertEqual(manifests.OCI_MANIFEST, found.media_type)

    def test_what_cannot_be_understood(self):
        bad = [
            b"",
            b"<html>",
            b"[]",
            b"null",
            {},
            manifest(config=None),
            manifest(layers=[{}]),
            manifest(layers=[LAYER | {"digest": "md5:0", "size": 1}]),
            manifest(layers=[LAYER | {"digest": "../../x", "size": 1}]),
            manifest(layers=5),
            manifest(layers=[LAYER | BLOB] * 1001),
        ]
        bad += [
            manifest(layers=[LAYER | BLOB | {"size": size}])
            for size in (
                *(-1, "1", None, 1.5, 1.0, True, [], float("nan")),
                *(2**62, 2**63 - 1, 2**63, 2**88, 10**1000, 1e300),
            )
        ]
        bad += [
            manifest(layers=[LAYER | BLOB | {"size": 2**61}] * 2),
            manifest(config=CONFIG | BLOB | {"size": 2**63}),
            manifest(config=CONFIG | BLOB | {"size": 9 * 1024**2}),
            manifest(mediaType=5),
            manifest(mediaType=["a"]),
            manifest(artifactType={}),
            manifest(layers={}),
            manifest(layers=[5]),
            index({"size": 2**63}),
            index({"digest": 5}),
            index({"mediaType": 5}),
            {"mediaType": manifests.OCI_INDEX, "manifests": 5},
            json.dumps(manifest()).encode("utf-16"),
            json.dumps(manifest()).encode("utf-8-sig"),
            b'{"a": "\xff"}',
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b'{"size": ' + b"9" * 5000 + b"}",
            b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}",
            b'{"a": 1e999}',
            b'{"mediaType": "a", "mediaType": "b"}',
        ]
        for value in bad:
            error = self.assertRaises(
                exception.ImageUnsupported, self.parse, value
            )
            self.assertLess(len(error.message), 400)

    def test_structure_tells_where_types_say_nothing(self):
        for served in (
            *("", "application/octet-stream", "text/plain", "text/html"),
            *("application/json; charset=utf-8", "image/png", " ;x"),
            manifests.OCI_INDEX,
        ):
            found = self.parse(manifest(mediaType=None), served)
            self.assertEqual(manifests.OCI_MANIFEST, found.media_type)
            self.assertFalse(found.odd)
        for served in ("application/octet-stream", manifests.OCI_MANIFEST):
            value = index({}) | {"mediaType": None}
            self.assertIsInstance(self.parse(value, served), manifests.Index)

    def test_case_and_parameters_do_not_count(self):
        for text in (
            manifests.OCI_MANIFEST.upper(),
            f"{manifests.OCI_MANIFEST}; charset=utf-8",
        ):
            found = self.parse(manifest(mediaType=text))
            self.assertEqual(
                (manifests.OCI_MANIFEST, True), (found.media_type, found.odd)
            )

    def test_what_may_be_read_in_two_ways(self):
        both = manifest() | {"manifests": [BLOB]}
        for value in (
            both,
            both | {"mediaType": None},
            manifest(mediaType=manifests.OCI_INDEX),
            index({}) | {"mediaType": manifests.OCI_MANIFEST},
        ):
            self.assertRaises(exception.ImageUnsupported, self.parse, value)

    def test_configurations(self):
        for kind in (
            *("application/octet-stream", "application/json", "text/html"),
            *("", None, media_types.OCI_CONFIG, media_types.DOCKER_CONFIG),
            "application/vnd.docker.container.image.v1+json; charset=utf-8",
            "application/vnd.oci.image.config.v1+JSON",
        ):
            found = self.parse(manifest(config={"mediaType": kind} | BLOB))
            self.assertIn("vnd.", found.config.media_type)
        for kind, artifact in (
            ("application/vnd.oci.empty.v1+json", None),
            ("application/vnd.docker.plugin.v1+json", None),
            ("application/vnd.cncf.helm.config.v1+json", None),
            ("application/vnd.wasm.config.v0+json", None),
            ("", "application/spdx+json"),
        ):
            value = manifest(
                config={"mediaType": kind} | BLOB, artifactType=artifact
            )
            error = self.assertRaises(
                exception.ImageUnsupported, self.parse, value
            )
            self.assertIn(artifact or kind, error.message)

    def test_layers(self):
        docker = media_types.DOCKER_LAYER
        oci = "application/vnd.oci.image.layer.v1.tar"
        for kind, usual in (
            (oci, oci),
            (f"{oci}+gzip; charset=utf-8", f"{oci}+gzip"),
            (f"{oci}.gzip", f"{oci}+gzip"),
            (f"{oci}+zst", f"{oci}+zstd"),
            (f"{oci}+estargz", f"{oci}+gzip"),
            (f"{docker}+gzip", f"{docker}.gzip"),
            (f"{docker}.zst", f"{docker}.zstd"),
            ("application/octet-stream", docker),
            ("application/x-gzip", docker),
            ("", docker),
        ):
            found = self.parse(manifest(layers=[{"mediaType": kind} | BLOB]))
            self.assertEqual(usual, found.layers[0].media_type)
            self.assertEqual(kind != usual, found.odd)

    def test_layers_that_are_none_of_an_image(self):
        for kind, reason in (
            ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "encry"),
            ("application/vnd.in-toto+json", "attestation"),
            ("application/vnd.dev.cosign.simplesigning.v1+json", "signature"),
            ("application/vnd.erofs.layer.v1", "snapshotter"),
            ("application/vnd.oci.image.layer.nydus.blob.v1", "snapshotter"),
            ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
             "may not be distributed"),
            ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", "helm"),
            ("application/wasm", "no layer"),
        ):  # fmt: skip
            value = manifest(layers=[{"mediaType": kind} | BLOB])
            error = self.assertRaises(
                exception.ImageUnsupported, self.parse, value
            )
            self.assertIn(reason, error.message)

    def test_digests_that_no_engine_loads(self):
        other = {"digest": f"sha512:{'0' * 128}"}
        for value in (
            manifest(layers=[LAYER | BLOB | other]),
            manifest(config=CONFIG | BLOB | other),
        ):
            error = self.assertRaises(
                exception.ImageUnsupported, self.parse, value
            )
            self.assertIn("sha256", error.message)
        found = self.parse(index(other)).choose("x", WANTED)
        self.assertEqual(other["digest"], found.digest)

    def test_schema_1(self):
        for value in (
            {"schemaVersion": 1},
            {"fsLayers": []},
            manifest(schemaVersion=1),
            manifest(fsLayers=[]),
        ):
            error = self.assertRaises(
                exception.ImageUnsupported, self.parse, value
            )
            self.assertIn("schema 1", error.message)

    @hypothesis.settings(
        deadline=None,
        max_examples=150,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    @hypothesis.given(strategies.binary(), strategies.text())
    def test_any_bytes(self, body, media_type):
        self.unforeseen(body, media_type)

    @hypothesis.settings(
        deadline=None,
        max_examples=150,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    @hypothesis.given(strategies.data())
    def test_any_json(self, data):
        value = data.draw(documents(data.draw(strategies.booleans())))
        self.unforeseen(json.dumps(value).encode(), "")

    def unforeseen(self, body, media_type):
        try:
            found = manifests.parse("x", body, media_type)
            if isinstance(found, manifests.Index):
                found.choose("x", WANTED)
        except (exception.ImageUnsupported, exception.PlatformNotFound):
            return


class IndexTest(testtools.TestCase):
    """Which entry of an index is meant."""

    def choose(self, *entries):
        body = json.dumps(index(*entries)).encode()
        return manifests.parse("x", body, "").choose("x", WANTED)

    def test_an_index_with_one_manifest_of_no_platform(self):
        for platform in (None, {}, {"os": "", "architecture": ""}):
            found = self.choose({"platform": platform})
            self.assertEqual((DIGEST, None), (found.digest, found.platform))

    def test_an_entry_without_a_platform_comes_last(self):
        other = {"digest": f"sha256:{'1' * 64}"}
        amd64 = {"platform": {"os": "", "architecture": "x86_64"}}
        arm64 = {"platform": {"os": "linux", "architecture": "arm64"}}
        self.assertEqual(DIGEST, self.choose(other, amd64).digest)
        self.assertEqual(other["digest"], self.choose(arm64, other).digest)

    def test_entries_that_are_no_images(self):
        amd64 = {"platform": {"os": "linux", "architecture": "amd64"}}
        unknown = {"platform": {"os": "unknown", "architecture": "unknown"}}
        note = {"vnd.docker.reference.type": "attestation-manifest"}
        others = [
            unknown,
            amd64 | {"artifactType": "application/spdx+json"},
            amd64 | {"annotations": note},
            amd64 | {"mediaType": "application/vnd.in-toto+json"},
        ]
        for each in others:
            each["digest"] = f"sha256:{'1' * 64}"
        self.assertEqual(DIGEST, self.choose(*others, amd64).digest)
        self.assertRaises(exception.ImageUnsupported, self.choose, *others)
        self.assertRaises(exception.ImageUnsupported, self.choose)


WORDS = strategies.sampled_from(
    [
        *("mediaType", "config", "layers", "manifests", "platform", "os"),
        *("schemaVersion", "digest", "size", "artifactType", "annotations"),
        *("variant", "os.features", "architecture"),
    ]
)
WANTED = platforms.Platform.parse("linux/amd64")


def documents(near):
    """Make any JSON, or some that is near to a manifest."""
    leaves = (
        strategies.none()
        | strategies.booleans()
        | strategies.integers()
        | strategies.floats()
        | strategies.text(max_size=20)
        | strategies.sampled_from(
            [DIGEST, manifests.OCI_MANIFEST, manifests.OCI_INDEX, 2**88]
        )
    )
    keys = WORDS if near else strategies.text(max_size=10)
    anything = strategies.recursive(
        leaves,
        lambda inner: (
            strategies.lists(inner, max_size=4)
            | strategies.dictionaries(keys, inner, max_size=5)
        ),
        max_leaves=20,
    )
    if not near:
        return anything
    changes = strategies.dictionaries(WORDS, anything, max_size=3)
    return strategies.builds(
        lambda top, part, base: base | {"layers": [part]} | top,
        changes,
        changes.map(lambda value: LAYER | BLOB | value),
        strategies.sampled_from([manifest(), index({}), {}]),
    )
