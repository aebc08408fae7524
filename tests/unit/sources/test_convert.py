# SPDX-License-Identifier: Apache-2.0
"""Layers that are unpacked on the way, and what must not come out."""

import hashlib
import json

import hypothesis
from hypothesis import strategies
import testtools
import zstandard

from reposync import exception
from reposync import reference as ref
from reposync.sources import base
from reposync.sources.archive import zstd
from reposync.sources.oci import manifests
from reposync.sources.registry import archive as registry_archive

ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
MIB = 1024**2


def digest_of(data):
    """Give the SHA-256 digest of data."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def descriptor(data, kind=ZSTD):
    """Describe a layer."""
    return manifests.Descriptor(kind, digest_of(data), len(data))


class MeasureTest(testtools.TestCase):
    """What comes out is counted before it is stored."""

    def measure(self, data, note=lambda done: None, most=2**40, step=100):
        pieces = [data[n : n + step] for n in range(0, len(data), step)]
        return zstd.measure(
            descriptor(data),
            "sha256:0",
            lambda layer: iter(pieces),
            note,
            most,
        )

    def test_the_length(self):
        data = zstandard.compress(b"a" * 5000)
        self.assertEqual(5000, self.measure(data).size)
        self.assertEqual(
            "application/vnd.oci.image.layer.v1.tar",
            self.measure(data).media_type,
        )

    def test_a_bomb(self):
        data = zstandard.compress(bytes(128 * MIB))
        self.assertLess(len(data), 16384)
        seen = []
        error = self.assertRaises(
            exception.ImageUnsupported, self.measure, data, seen.append
        )
        self.assertIn("unpacks to more", error.message)
        self.assertLess(max(seen), 20 * MIB)

    def test_a_short_layer_of_zeros(self):
        data = zstandard.compress(bytes(8 * MIB))
        self.assertEqual(8 * MIB, self.measure(data).size)

    def test_more_than_an_image_may_have(self):
        data = zstandard.compress(b"a" * 5000)
        error = self.assertRaises(
            exception.ImageUnsupported, self.measure, data, most=4999
        )
        self.assertIn("max_image_size", error.message)
        self.assertEqual(5000, self.measure(data, most=5000).size)

    def test_what_unpacks_to_nothing_can_be_stopped(self):
        skipped = b"\x50\x2a\x4d\x18" + (10**6).to_bytes(4, "little")
        data = skipped + bytes(10**6)
        calls = []

        def stop(done):
            calls.append(done)
            if len(calls) == 3:
                raise exception.OperationCancelled("stop")

        self.assertRaises(
            exception.OperationCancelled, self.measure, data, stop
        )
        self.assertEqual([0, 0, 0], calls)

    def test_what_is_no_zstandard(self):
        for data in (b"x" * 100, zstandard.compress(b"a")[:-3] + b"xyz"):
            self.assertRaises(exception.ArchiveDamaged, self.measure, data)


class PrepareTest(testtools.TestCase):
    """The manifest of an archive."""

    def prepare(self, layers, most=2**40, **values):
        config = {"digest": digest_of(b"{}"), "size": 2}
        body = {"config": config, "layers": []}
        for data, kind in layers:
            entry = {"digest": digest_of(data), "size": len(data)}
            body["layers"].append({"mediaType": kind} | entry)
        served = json.dumps(body | values).encode()
        manifest = manifests.parse("x", served, "")
        blobs = {digest_of(data): data for data, _ in layers}
        found = registry_archive.Description(
            base.ResolvedImage(ref.Reference.parse("x"), "d", "linux/amd64"),
            manifest,
            b"{}",
            [digest_of(data) for data, _ in layers],
        )
        unpacking = zstd.Unpacking(lambda layer: iter([blobs[layer.digest]]))
        digest, made = registry_archive.prepare(
            found, unpacking, lambda *_: None, most
        )
        self.assertEqual(digest_of(made.body), digest)
        return made

    def test_usual_types_are_left_alone(self):
        kind = "application/vnd.oci.image.layer.v1.tar"
        made = self.prepare(
            [(b"a", kind)],
            config={
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": digest_of(b"{}"),
                "size": 2,
            },
        )
        self.assertNotIn(b"schemaVersion", made.body)

    def test_odd_types_become_usual_ones(self):
        made = self.prepare([(b"a", "application/octet-stream")])
        again = manifests.parse("x", made.body, "")
        self.assertEqual((made.layers, False), (again.layers, again.odd))
        self.assertEqual(made.config, again.config)

    def test_sizes_before_and_after(self):
        packed = zstandard.compress(b"a" * 5000)
        layers = [(packed, ZSTD), (b"x" * 1000, "")]
        self.assertEqual(2, len(self.prepare(layers, 6000).layers))
        for most in (5999, 1000, 10):
            error = self.assertRaises(
                exception.ImageUnsupported, self.prepare, layers, most
            )
            self.assertIn("max_image_size", error.message)

    def test_sizes_of_layers_that_stay_as_they_are(self):
        layers = [(b"x" * 600, ""), (b"y" * 400, "")]
        self.assertEqual(2, len(self.prepare(layers, 1000).layers))
        self.assertRaises(
            exception.ImageUnsupported, self.prepare, layers, 999
        )


class CompleteTest(testtools.TestCase):
    """What the configuration of an image tells."""

    def complete(self, platform=None, layers=(), **values):
        config = {"rootfs": {"diff_ids": []}} | values
        manifest = manifests.Manifest(
            b"{}",
            manifests.OCI_MANIFEST,
            descriptor(b"{}"),
            layers,
            platform=platform,
        )
        resolved = base.ResolvedImage(
            ref.Reference.parse("x"), "d", "linux/arm64"
        )
        found, _ = registry_archive.complete(
            resolved, manifest, json.dumps(config).encode()
        )
        return found

    def test_a_lone_manifest_is_taken_where_nothing_contradicts(self):
        for values in (
            {},
            {"os": "", "architecture": ""},
            {"os": "linux", "architecture": "aarch64"},
            {"os": "Linux", "architecture": "arm64", "variant": "v8"},
        ):
            found = self.complete(**values)
            self.assertEqual(
                ("linux", "arm64"), (found.os, found.architecture), values
            )
        self.assertRaises(
            exception.PlatformNotFound, self.complete, architecture="amd64"
        )

    def test_an_index_is_believed(self):
        said = manifests.platforms.Platform.parse("linux/arm64/v8")
        found = self.complete(said, os="linux", architecture="amd64")
        self.assertEqual("arm64", found.architecture)

    def test_what_strangers_write(self):
        for values in (
            {"rootfs": 5},
            {"rootfs": {"diff_ids": 5}},
            {"rootfs": {"diff_ids": "sha256"}},
            {"rootfs": {"diff_ids": ["sha512:0"]}},
            {"config": 5},
            {"config": {"Labels": 5}},
            {"config": {"Labels": ["a"]}},
        ):
            self.assertRaises(
                exception.ImageUnsupported, self.complete, **values
            )
        labels = {"a\0": "b\n\x1b\ud800c", "n": None}
        found = self.complete(config={"Labels": labels})
        self.assertEqual({"a": "b c", "n": "None"}, found.labels)
        labels = {"long": "x" * 10**6} | {str(n): "" for n in range(10**4)}
        found = self.complete(config={"Labels": labels}).labels
        self.assertEqual((1000, "x" * 255), (len(found), found["long"]))

    def test_layers_that_are_named_otherwise(self):
        for diff_id, good in (
            (f"sha256:{'0' * 64}", True),
            (f"md5:{'0' * 32}", False),
            (f"sha512:{'0' * 128}", False),
            (f"sha256:{'0' * 63}", False),
            (5, False),
        ):
            values = {
                "layers": (descriptor(b"a"),),
                "rootfs": {"diff_ids": [diff_id]},
            }
            if good:
                self.complete(**values)
                continue
            error = self.assertRaises(
                exception.ImageUnsupported, self.complete, **values
            )
            self.assertIn("else than sha256", error.message)

    @hypothesis.settings(
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    @hypothesis.given(
        strategies.dictionaries(
            strategies.sampled_from(
                ["os", "architecture", "variant", "rootfs", "config"]
            ),
            strategies.recursive(
                strategies.none()
                | strategies.integers()
                | strategies.text(max_size=5),
                lambda inner: (
                    strategies.lists(inner, max_size=3)
                    | strategies.dictionaries(
                        strategies.sampled_from(["Labels", "diff_ids"]), inner
                    )
                ),
                max_leaves=6,
            ),
        )
    )
    def test_any_configuration(self, values):
        try:
            self.complete(**values)
        except (exception.ImageUnsupported, exception.PlatformNotFound):
            return
