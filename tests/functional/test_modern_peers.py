# SPDX-License-Identifier: Apache-2.0
"""The service among servers and programs of a newer release."""

import json
from pathlib import Path

import lab
from lab import images
from lab import tree
from tests.fixtures import client
from tests.fixtures import cloud
from tests.fixtures import deployment
from tests.fixtures import engines
from tests.functional import base


class ModernPeersTest(base.TestCase):
    """RabbitMQ 4.3, Docker 28.5 with containerd, skopeo 1.22, crane 0.20."""

    def setUp(self):
        super().setUp()
        self.tree = tree.Tree(lab.Lab.load().state)
        if not self.tree.made:
            self.skipTest("the lab is without servers of a newer release")
        env = self.lab | {
            "LAB_DOCKER_HOST": self.lab["LAB_DOCKER_CONTAINERD_HOST"],
            "LAB_TRANSPORT_URL": self.lab["LAB_TRANSPORT_4_URL"],
        }
        self.service = deployment.Deployment(env)
        # Its operations begin when a message says so, or far too late.
        self.service.start(conductor={"poll_interval": 60, "source": "docker"})
        self.addCleanup(self.service.stop)
        self.cloud = cloud.Cloud(env)
        self.admin = client.Client(self.service.url, self.cloud.token())
        repository = deployment.unique("test/modern")
        self.name = f"{self.lab['LAB_REGISTRY']}/{repository}"
        self.repository = repository

    def forget(self):
        for image in self.cloud.everything(self.name):
            self.cloud.glance.delete_image(image.id, ignore_missing=True)

    def program(self, *argv):
        """Run a program of the newer release; gives its output."""
        return self.tree.run(*argv, shared=[self.path]).stdout

    def test_all_of_them(self):
        pushed = images.push_image(
            self.lab["LAB_REGISTRY"],
            self.repository,
            "1",
            {"a": b"a" * 5000},
            labels={"eu.indigo-datacloud.type": "linux"},
        )
        self.addCleanup(self.forget)
        operation = self.admin.pull(f"{self.name}:1")
        found = self.admin.ended(operation, 45)
        self.assertEqual("created", found["outcome"], found)
        # The answer of a conductor, over RabbitMQ.
        query = {"filter": self.name}
        answer = self.admin.call("GET", "/v1/images", params=query)
        [image] = answer.json()["images"]
        self.assertEqual(
            (pushed.image_id, pushed.digest, "linux"),
            (image["docker_id"], image["docker_digest"], image["os"]),
        )
        archive = self.path / "image.tar"
        self.cloud.glance.download_image(image["id"], output=str(archive))
        self.check_skopeo(archive, pushed)
        self.check_crane(archive, pushed)
        self.assertEqual(
            pushed.image_id, engines.load(self.lab, archive.read_bytes())
        )

    def check_skopeo(self, archive: Path, pushed: images.PushedImage) -> None:
        for kind in ("oci-archive", "docker-archive"):
            name = f"{kind}:{archive}"
            shown = json.loads(self.program("skopeo", "inspect", name))
            self.assertEqual("amd64", shown["Architecture"])
            raw = self.program("skopeo", "inspect", "--config", "--raw", name)
            self.assertEqual(pushed.image_id, images.digest_of(raw.encode()))

    def check_crane(self, archive: Path, pushed: images.PushedImage) -> None:
        self.program("crane", "validate", "--tarball", str(archive))
        target = f"{self.name}-again:1"
        self.program("crane", "push", "--insecure", str(archive), target)
        config = self.program("crane", "config", "--insecure", target)
        self.assertEqual(pushed.image_id, images.digest_of(config.encode()))
