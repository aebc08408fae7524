# SPDX-License-Identifier: Apache-2.0
"""Every format a registry may hold, and every reader of an archive."""

import contextlib
import gzip
import io
import json
import subprocess
import tarfile

import docker
import zstandard

from lab import images
from reposync import exception
from reposync import reference as ref
from tests.contract import source as contract
from tests.fixtures import deployment
from tests.functional import test_registry_source


def tar_of(**files):
    """Make a tar archive of file contents by name."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def layer(compression, **files):
    """Make a layer, compressed in a way."""
    tar = tar_of(**files)
    packed = {
        None: lambda: tar,
        "gzip": lambda: gzip.compress(tar, mtime=0),
        "zstd": lambda: zstandard.compress(tar),
    }[compression]()
    return images.Layer(packed, images.digest_of(tar), compression)


class FormatTestCase(test_registry_source.RegistryTestCase):
    """A test with a repository of its own."""

    def setUp(self):
        super().setUp()
        self.registry = self.lab["LAB_REGISTRY"]
        self.repository = deployment.unique("test/format")
        self.reference = ref.Reference.parse(
            f"{self.registry}/{self.repository}:1"
        )

    def push(self, layers, **kwargs):
        return images.push_image(
            self.registry, self.repository, "1", layers, **kwargs
        )

    def push_manifest(self, media_type, **parts):
        place = images.Repository(self.registry, self.repository)
        body = {"schemaVersion": 2, "mediaType": media_type} | parts
        return place.put_manifest("1", media_type, json.dumps(body).encode())

    def blob(self, data, media_type):
        place = images.Repository(self.registry, self.repository)
        return place.put_blob(data) | {"mediaType": media_type}

    def read(self, platform=contract.PLATFORM):
        resolved = self.source.resolve(self.reference, platform)
        with self.source.archive(resolved, lambda *_: None) as archive:
            return b"".join(archive)

    def refused(self, error=exception.ImageUnsupported):
        found = self.assertRaises(error, self.read)
        return found.message

    def skopeo(self, kind, data):
        """Let skopeo read an archive; gives the ids of layers it wrote."""
        path = self.path / "image.tar"
        path.write_bytes(data)
        target = self.path / "copy"
        subprocess.run(
            ["skopeo", "copy", "-q", f"{kind}:{path}", f"dir:{target}"],
            check=True,
            capture_output=True,
        )
        manifest = json.loads((target / "manifest.json").read_text())
        return manifest["config"]["digest"]


class ReadersTest(FormatTestCase):
    """Each format, read by everything that reads archives."""

    def check(self, pushed, data):
        self.assertEqual(pushed.image_id, self.load(data))
        for kind in ("oci-archive", "docker-archive"):
            self.assertTrue(self.skopeo(kind, data))
        self.zun(pushed, data)

    def zun(self, pushed, data):
        """Read it as Zun does (zun/container/docker/driver.py)."""
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            manifest = json.load(tar.extractfile("manifest.json"))
            config = manifest[0]["Config"]
            read = tar.extractfile(config).read()
        self.assertEqual(pushed.image_id, images.digest_of(read))
        name, tag = manifest[0]["RepoTags"][0].split(":")
        self.assertEqual(("1", True), (tag, name.endswith(self.repository)))

    def test_formats(self):
        for kind in (images.DOCKER, images.OCI):
            for compression in (None, "gzip"):
                pushed = self.push(
                    [layer(compression, a=b"a"), layer(compression, b=b"b")],
                    kind=kind,
                )
                self.check(pushed, self.read())

    def test_zstd(self):
        pushed = self.push([layer("zstd", a=b"a" * 99)], kind=images.OCI)
        self.check(pushed, self.read())

    def test_what_the_engine_does_with_zstd(self):
        """Why such layers are unpacked: the reason ends with release 23."""
        packed = layer("zstd", a=b"a" * 99)
        config = {
            "os": "linux",
            "architecture": "amd64",
            "rootfs": {"type": "layers", "diff_ids": [packed.diff_id]},
        }
        entry = {"Config": "config.json", "RepoTags": None, "Layers": ["a"]}
        data = tar_of(
            **{
                "manifest.json": json.dumps([entry]).encode(),
                "config.json": json.dumps(config).encode(),
                "a": packed.data,
            }
        )
        client = docker.DockerClient(self.lab["LAB_DOCKER_HOST"])
        with contextlib.closing(client) as engine:
            release = engine.version()["Version"].partition(".")[0]
        if int(release) < 23:
            self.assertRaises(docker.errors.DockerException, self.load, data)
        else:
            self.assertTrue(self.load(data))

    def test_types_that_say_nothing(self):
        """What object stores and old tools write is made what engines know."""
        for compression in (None, "gzip"):
            one = layer(compression, a=b"a")
            config = self.blob(
                json.dumps(
                    {
                        "os": "linux",
                        "architecture": "x86_64",
                        "rootfs": {
                            "type": "layers",
                            "diff_ids": [one.diff_id],
                        },
                    }
                ).encode(),
                "application/octet-stream",
            )
            self.push_manifest(
                images.OCI_MANIFEST,
                config=config,
                layers=[self.blob(one.data, "application/octet-stream")],
            )
            data = self.read()
            self.assertEqual(config["digest"], self.load(data))
            for kind in ("oci-archive", "docker-archive"):
                self.assertTrue(self.skopeo(kind, data))

    def test_an_index_is_believed(self):
        wanted = self.push([layer("gzip", a=b"a")], architecture="amd64")
        images.push_index(
            self.registry, self.repository, "1", {"linux/arm64": wanted}
        )
        data = self.read("linux/aarch64")
        self.assertIn(wanted.image_id.partition(":")[2].encode(), data)

    def test_an_image_made_by_umoci(self):
        layout = self.path / "layout"
        (self.path / "file").write_bytes(b"of umoci")
        image = f"{layout}:1"
        target = f"docker://{self.reference}"
        for command in (
            ["umoci", "init", "--layout", layout],
            ["umoci", "new", "--image", image],
            ["umoci", "insert", "--image", image, self.path / "file", "/a"],
            ["umoci", "config", "--image", image, "--os", "linux"],
            ["umoci", "config", "--image", image, "--architecture", "amd64"],
            ["skopeo", "copy", "--dest-tls-verify=false", f"oci:{image}",
             target],
        ):  # fmt: skip
            subprocess.run(command, check=True, capture_output=True)
        data = self.read()
        self.assertEqual(self.skopeo("oci-archive", data), self.load(data))

    def test_the_same_layer_twice(self):
        one = layer("gzip", a=b"a")
        pushed = self.push([one, layer("gzip", b=b"b"), one])
        self.check(pushed, self.read())

    def test_no_layers(self):
        pushed = self.push([])
        data = self.read()
        self.zun(pushed, data)
        self.assertTrue(self.skopeo("oci-archive", data))

    def test_an_oci_index_with_attestations(self):
        wanted = self.push([layer("gzip", a=b"arm")], architecture="arm64")
        other = self.push([layer("gzip", a=b"amd")])
        images.push_index(
            self.registry,
            self.repository,
            "1",
            {"linux/arm64/v8": wanted, "unknown/unknown": other},
            images.OCI,
        )
        data = self.read("linux/arm64")
        self.assertIn(wanted.image_id.partition(":")[2].encode(), data)
        message = self.refused(exception.PlatformNotFound)
        self.assertIn("linux/arm64/v8", message)
        self.assertNotIn("unknown", message)

    def test_an_index_in_an_index(self):
        pushed = self.push([layer("gzip", a=b"a")])
        place = images.Repository(self.registry, self.repository)
        inner = {
            "schemaVersion": 2,
            "mediaType": images.OCI_INDEX,
            "manifests": [self.entry(pushed.kind.manifest, pushed)],
        }
        body = json.dumps(inner).encode()
        digest = place.put_manifest("inner", images.OCI_INDEX, body)
        found = images.PushedImage(digest, "", len(body), images.OCI)
        self.push_manifest(
            images.OCI_INDEX,
            manifests=[self.entry(images.OCI_INDEX, found)],
        )
        self.assertEqual(pushed.image_id, self.load(self.read()))

    def entry(self, media_type, pushed):
        platform = {"os": "linux", "architecture": "amd64"}
        return {
            "mediaType": media_type,
            "digest": pushed.digest,
            "size": pushed.size,
            "platform": platform,
        }


class RefusedTest(FormatTestCase):
    """What is no image, or none that may be carried."""

    def image_config(self, **values):
        config = {"os": "linux", "architecture": "amd64"} | values
        return self.blob(json.dumps(config).encode(), images.OCI.config)

    def test_an_artifact(self):
        kind = "application/vnd.cncf.helm.config.v1+json"
        self.push_manifest(
            images.OCI_MANIFEST,
            config=self.blob(b"{}", kind),
            layers=[self.blob(b"chart", "application/tar+gzip")],
        )
        self.assertIn(kind, self.refused())

    def test_an_artifact_by_its_type(self):
        self.push_manifest(
            images.OCI_MANIFEST,
            artifactType="application/spdx+json",
            config=self.blob(b"{}", "application/vnd.oci.empty.v1+json"),
            layers=[],
        )
        self.assertIn("application/spdx+json", self.refused())

    def test_layers_of_another_kind(self):
        self.push_manifest(
            images.OCI_MANIFEST,
            config=self.image_config(rootfs={"diff_ids": ["sha256:0"]}),
            layers=[self.blob(b"wasm", "application/wasm")],
        )
        self.assertIn("application/wasm", self.refused())

    def test_a_layer_that_may_not_be_distributed(self):
        kind = "application/vnd.oci.image.layer.nondistributable.v1.tar"
        self.push_manifest(
            images.OCI_MANIFEST,
            config=self.image_config(rootfs={"diff_ids": ["sha256:0"]}),
            layers=[self.blob(b"x", kind)],
        )
        self.assertIn("may not be distributed", self.refused())

    def test_a_configuration_that_does_not_fit(self):
        for values in ({"rootfs": {"diff_ids": ["sha256:0"]}}, {}):
            self.push_manifest(
                images.OCI_MANIFEST,
                config=self.image_config(**values),
                layers=[],
            )
            self.assertIn("configuration", self.refused())

    def test_another_platform(self):
        self.push([layer("gzip", a=b"a")], architecture="s390x")
        message = self.refused(exception.PlatformNotFound)
        self.assertIn("linux/s390x", message)

    def test_schema_1(self):
        self.push([layer("gzip", a=b"a")])
        name = f"docker://{self.reference}"
        subprocess.run(
            [
                *("skopeo", "copy", "-q", "--format", "v2s1"),
                *("--src-tls-verify=false", "--dest-tls-verify=false"),
                *(name, name),
            ],
            check=True,
            capture_output=True,
        )
        self.assertIn("schema 1", self.refused())
