# SPDX-License-Identifier: Apache-2.0
"""What is particular to an engine with the image store of containerd."""

import dataclasses
import gzip
import io
import json
import tarfile

import zstandard

from lab import images
from reposync import exception
from reposync.sources.registry import source as registry
from tests.contract import source as contract
from tests.functional import base
from tests.functional import test_docker_source

_HELM = "application/vnd.cncf.helm.config.v1+json"


def zstd(layer):
    """Pack a layer in another way."""
    data = zstandard.compress(gzip.decompress(layer.data))
    return dataclasses.replace(layer, data=data, compression="zstd")


def files(archive):
    """Give the files of an archive by name."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {
            member.name: tar.extractfile(member).read()
            for member in tar
            if member.isreg()
        }


class ContainerdTest(test_docker_source.EngineTestCase, base.TestCase):
    """Images that this store keeps in another way than the older one."""

    server = "docker-containerd"

    def push_layers(self, *layers, tag="latest", repository=None, **kwargs):
        return images.push_image(
            self.registry,
            repository or self.repository,
            tag,
            layers,
            kind=images.OCI,
            **kwargs,
        )

    def push_index(self, **pushed):
        platforms = {
            f"linux/{name.replace('_', '/')}": each
            for name, each in pushed.items()
        }
        return images.push_index(
            self.registry, self.repository, "latest", platforms
        )

    def check_same(self, platform=contract.PLATFORM):
        """Expect the engine's archive to be that of the registry."""
        found = []
        for source in (self.source, registry.RegistrySource(self.conf)):
            resolved = source.resolve(self.reference(), platform)
            with source.archive(resolved, self.note) as archive:
                data = b"".join(archive)
                self.assertEqual(len(data), archive.size)
                found.append(
                    (
                        archive.resolved,
                        files(data),
                    )
                )
        self.assertEqual(found[1], found[0])
        self.assertEqual(self.before, self.names())
        return data

    def test_it_says_the_same_as_the_registry(self):
        one, two, three = (
            images.Layer.of_files({name: name.encode() * 2000})
            for name in ("one", "two", "three")
        )
        pushed = self.push_layers(
            one, two, one, three, labels={"a": "b", "c": "d"}
        )
        data = self.check_same()
        self.assertEqual(pushed.image_id, self.load(data))

    def test_layers_that_older_engines_cannot_load(self):
        one, two, three = (
            images.Layer.of_files({name: name.encode() * 2000})
            for name in ("zone", "ztwo", "zthree")
        )
        pushed = self.push_layers(zstd(one), two, zstd(three), zstd(one))
        data = self.check_same()
        self.assertEqual(pushed.image_id, self.load(data))

    def test_no_layers(self):
        self.push_layers()
        self.check_same()

    def test_several_platforms_at_once(self):
        for name in ("amd64", "arm64"):
            self.push(name.encode(), tag=name, architecture=name)
        pushed = {
            name: self.push(name.encode(), tag=name, architecture=name)
            for name in ("amd64", "arm64")
        }
        self.push_index(**pushed)
        for name in pushed:
            self.engine.api.pull(
                str(self.reference()), platform=f"linux/{name}"
            )
        self.addCleanup(
            self.engine.images.remove, str(self.reference()), force=True
        )
        self.before = self.names()
        for name, image in pushed.items():
            data = self.check_same(f"linux/{name}")
            self.assertIn(image.image_id[7:].encode(), data)

    def test_an_older_variant(self):
        pushed = self.push(architecture="arm", variant="v6")
        self.push_index(amd64=self.push(b"two", tag="two"), arm_v6=pushed)
        data = self.check_same("linux/arm/v7")
        self.assertIn(pushed.image_id[7:].encode(), data)

    def test_an_artifact(self):
        place = images.Repository(self.registry, self.repository)
        body = {
            "schemaVersion": 2,
            "mediaType": images.OCI_MANIFEST,
            "config": place.put_blob(b"{}") | {"mediaType": _HELM},
            "layers": [
                place.put_blob(b"chart") | {"mediaType": "application/tar"}
            ],
        }
        place.put_manifest(
            "latest", images.OCI_MANIFEST, json.dumps(body).encode()
        )
        error = self.assertRaises(exception.ImageUnsupported, self.copy)
        self.assertIn(_HELM, error.message)
        self.assertEqual(self.before, self.names())


class IncompleteTest(test_docker_source.EngineTestCase, base.TestCase):
    """A layer that another image brought in another compression."""

    server = "docker-containerd"

    def setUp(self):
        super().setUp()
        layer = images.Layer.of_files({self.repository: b"x" * 5000})
        other = f"{self.repository}-gzip"
        images.push_image(self.registry, other, "1", [layer], kind=images.OCI)
        name = f"{self.registry}/{other}:1"
        self.engine.api.pull(name)
        self.addCleanup(self.engine.images.remove, name, force=True)
        self.before = self.names()
        self.pushed = images.push_image(
            self.registry,
            self.repository,
            "latest",
            [zstd(layer), images.Layer.of_files({"b": b"b"})],
            kind=images.OCI,
        )

    def test_it_is_noticed(self):
        error = self.assertRaises(exception.ArchiveDamaged, self.copy)
        self.assertRegex(error.message, "without the blob sha256:[0-9a-f]{64}")
        self.assertIn("registry_fallback", error.message)
        self.assertEqual(self.before, self.names())

    def test_it_is_read_from_the_registry_where_that_is_allowed(self):
        self.config(registry_fallback=True, group="docker")
        complete, data = self.copy()
        self.assertEqual(self.pushed.image_id, complete.image_id)
        self.assertEqual(self.pushed.image_id, self.load(data))
        self.assertEqual(self.before, self.names())
