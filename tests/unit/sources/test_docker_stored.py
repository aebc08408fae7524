# SPDX-License-Identifier: Apache-2.0
"""The archive of an engine with the image store of containerd.

Where its blobs come in another order than that of the manifest, in more
compressions than one, or not at all.
"""

import gzip
import hashlib
import io
import json
import tarfile

import testtools
import zstandard

from reposync import exception
from reposync import reference as ref
from reposync.sources import base
from reposync.sources.docker import containerd_store
from reposync.sources.docker import errors as docker_errors
from reposync.sources.docker import platforms as docker_platforms
from reposync.sources.oci import manifests

LAYERS = (b"first layer " * 50_000, b"second layer", b"third" * 9000)
TAR = "application/vnd.oci.image.layer.v1.tar"
PACKERS = {
    "": lambda data: data,
    "+gzip": lambda data: gzip.compress(data, mtime=0),
    "+zstd": zstandard.compress,
}
WANTED = base.ResolvedImage(
    ref.Reference.parse("busybox:1"), "", "linux/amd64"
)


def digest_of(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Engine:
    """Saves what it holds; stands for the client of an engine.

    :ivar blobs: by digest
    :ivar saves: how often it was asked
    """

    def __init__(self, layers=LAYERS, suffixes=("+gzip",) * 3, **config):
        self.timeout = 0
        self.saves = 0
        self.blobs = {}
        self.top = {}
        self.change = lambda data: data
        diff_ids = [digest_of(layer) for layer in layers]
        config = {"os": "linux", "architecture": "amd64"} | config
        config |= {"rootfs": {"type": "layers", "diff_ids": diff_ids}}
        self.config = self.put(json.dumps(config).encode())
        self.layers = [
            self.put(PACKERS[suffix](layer)) | {"mediaType": TAR + suffix}
            for layer, suffix in zip(layers, suffixes, strict=True)
        ]
        self.manifest = self.put_json(
            schemaVersion=2,
            config=self.config
            | {"mediaType": "application/vnd.oci.image.config.v1+json"},
            layers=self.layers,
        )
        self.top = self.manifest | {"mediaType": manifests.OCI_MANIFEST}

    def put(self, data):
        digest = digest_of(data)
        self.blobs[digest] = data
        return {"digest": digest, "size": len(data)}

    def put_json(self, **value):
        return self.put(json.dumps(value).encode())

    def index(self, **platform):
        """Put an index over the manifest."""
        entries = [
            self.top | {"platform": platform},
            {
                "mediaType": manifests.OCI_MANIFEST,
                "digest": digest_of(b"elsewhere"),
                "size": 9,
                "platform": {"os": "linux", "architecture": "s390x"},
            },
        ]
        self.top = self.put_json(
            schemaVersion=2, mediaType=manifests.OCI_INDEX, manifests=entries
        ) | {"mediaType": manifests.OCI_INDEX}

    def save(self, name, platform=None):
        self.saves += 1
        buffer = io.BytesIO()
        index = {"schemaVersion": 2, "manifests": [self.top]}
        files = {
            f"blobs/{digest.replace(':', '/')}": data
            for digest, data in sorted(self.blobs.items())
        } | {"index.json": json.dumps(index).encode(), "manifest.json": b"[]"}
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for path, data in files.items():
                member = tarfile.TarInfo(path)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        data = self.change(buffer.getvalue())
        for start in range(0, len(data), 10_000):
            yield data[start : start + 10_000]


class StoredImageTest(testtools.TestCase):
    """Read twice, the second time in the engine's order."""

    def archive(self, engine, target=None, most=1024**3):
        self.progress = []
        image = containerd_store.StoredImage(
            engine,
            "busybox",
            docker_platforms.Target(target or engine.top["digest"]),
            lambda *args: self.progress.append(args),
            5,
        )
        archive = image.archive(WANTED, most)
        self.addCleanup(archive.close)
        return archive

    def read(self, engine, **kwargs):
        archive = self.archive(engine, **kwargs)
        data = b"".join(archive)
        self.assertEqual(archive.size, len(data))
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            self.files = {
                member.name: tar.extractfile(member).read() for member in tar
            }
        [entry] = json.loads(self.files["manifest.json"])
        self.assertEqual(["busybox:1"], entry["RepoTags"])
        return archive.resolved, [
            self.files[layer] for layer in entry["Layers"]
        ]

    def test_a_copy(self):
        engine = Engine(config={"Labels": {"a": "b"}})
        resolved, layers = self.read(engine)
        self.assertEqual(
            (engine.config["digest"], {"a": "b"}, "linux", "amd64"),
            (
                resolved.image_id,
                resolved.labels,
                resolved.os,
                resolved.architecture,
            ),
        )
        self.assertEqual(list(LAYERS), list(map(gzip.decompress, layers)))
        self.assertEqual(2, engine.saves)
        self.assertEqual(("copying",), self.progress[-1][:1])

    def test_layers_in_many_orders(self):
        for number in range(12):
            contents = [f"{number} {part}".encode() * 99 for part in range(4)]
            for suffixes in (
                ("+zstd", "+gzip", "", "+zstd"),
                ("+zstd",) * 4,
                ("+gzip",) * 4,
            ):
                engine = Engine(contents, suffixes)
                _, layers = self.read(engine)
                found = [
                    gzip.decompress(layer) if suffix == "+gzip" else layer
                    for layer, suffix in zip(layers, suffixes, strict=True)
                ]
                self.assertEqual(contents, found)

    def test_the_same_layer_in_every_form(self):
        layers = [b"the same" * 999] * 5
        suffixes = ("+zstd", "", "+gzip", "+zstd", "")
        _, found = self.read(Engine(layers, suffixes))
        self.assertEqual(layers[:2], found[:2])
        self.assertEqual(layers[3:], found[3:])

    def test_through_an_index(self):
        engine = Engine()
        manifest = engine.top["digest"]
        engine.index(os="linux", architecture="amd64")
        resolved, _ = self.read(engine)
        self.assertEqual(engine.config["digest"], resolved.image_id)
        self.assertIn(f"blobs/{manifest.replace(':', '/')}", self.files)

    def test_what_is_missing_is_named(self):
        engine = Engine()
        for digest in (
            engine.layers[1]["digest"],
            engine.config["digest"],
            engine.top["digest"],
        ):
            del engine.blobs[digest]
            error = self.assertRaises(
                docker_errors.Incomplete, self.archive, engine
            )
            self.assertIn(digest, error.message)
        self.assertTrue(error.retryable)

    def test_another_platform(self):
        error = self.assertRaises(
            exception.PlatformNotFound,
            self.archive,
            Engine(architecture="s390x"),
        )
        self.assertIn("linux/s390x", error.message)
        engine = Engine()
        engine.index(os="linux", architecture="arm64")
        self.assertRaises(exception.PlatformNotFound, self.archive, engine)

    def test_no_image(self):
        engine = Engine()
        engine.top = engine.put_json(
            schemaVersion=2,
            config={
                "mediaType": "application/vnd.cncf.helm.config.v1+json",
                "digest": engine.config["digest"],
                "size": 2,
            },
            layers=[],
        ) | {"mediaType": manifests.OCI_MANIFEST}
        self.assertRaises(exception.ImageUnsupported, self.archive, engine)

    def test_an_image_that_is_too_large(self):
        error = self.assertRaises(
            exception.ImageUnsupported, self.archive, Engine(), most=0
        )
        self.assertIn("max_image_size", error.message)

    def test_cut_short_or_damaged(self):
        engine = Engine()
        archive = self.archive(engine)
        layer = engine.blobs[engine.layers[0]["digest"]]
        wrong = layer[:50] + b"?" + layer[51:]
        for change in (
            lambda data: data[:1000],
            lambda data: data.replace(layer, wrong),
            lambda data: data[:512] + b'{"message":"i/o error"}',
        ):
            archive = self.archive(engine)
            engine.change = change
            self.assertRaises(exception.ArchiveDamaged, b"".join, archive)
            engine.change = lambda data: data

    def test_the_image_is_removed_between(self):
        engine = Engine()
        archive = self.archive(engine)
        del engine.blobs[engine.layers[2]["digest"]]
        error = self.assertRaises(exception.ArchiveDamaged, b"".join, archive)
        self.assertIn(engine.layers[2]["digest"], error.message)

    def test_a_document_that_is_none(self):
        engine = Engine()
        engine.blobs[engine.config["digest"]] = b"{}"
        self.assertRaises(exception.ArchiveDamaged, self.archive, engine)


class PlatformsTest(testtools.TestCase):
    """What an engine lists since version 1.48 of its API."""

    def entry(self, name, available=True, kind="image", **platform):
        return {
            "Kind": kind,
            "Available": available,
            "Descriptor": {"digest": digest_of(name)}
            | ({"platform": platform} if platform else {}),
        }

    def find(self, *entries):
        return docker_platforms.find({"Manifests": list(entries)}, WANTED)

    def test_what_was_pulled_is_chosen(self):
        arm = {"os": "linux", "architecture": "arm64", "variant": "v8"}
        amd = {"os": "linux", "architecture": "amd64"}
        found = self.find(
            self.entry(b"1", **arm),
            self.entry(b"2", kind="attestation", os="unknown"),
            self.entry(b"3", available=False, **amd),
            self.entry(b"4", **amd),
        )
        self.assertEqual(
            (digest_of(b"4"), amd), (found.digest, found.platform)
        )

    def test_a_lone_manifest_or_an_older_engine(self):
        for entries in ((), (self.entry(b"1"),)):
            found = self.find(*entries)
            self.assertEqual(
                (WANTED.digest, None), (found.digest, found.platform)
            )

    def test_another_platform(self):
        entry = self.entry(b"1", os="linux", architecture="s390x")
        self.assertRaises(exception.PlatformNotFound, self.find, entry)
