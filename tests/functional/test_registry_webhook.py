# SPDX-License-Identifier: Apache-2.0
"""A real docker-registry tells the service what happens in it."""

import docker

from lab import images
from tests.fixtures import client
from tests.fixtures import cloud
from tests.fixtures import deployment
from tests.fixtures import notifying_registry
from tests.fixtures import wait
from tests.functional import base

AUTHORIZATION = "Bearer 0123456789abcdef-of-the-registry"


class RegistryWebhookTest(base.TestCase):
    """``docker push``, and the image is in Glance, with no other help."""

    def setUp(self):
        super().setUp()
        self.service = deployment.Deployment(self.lab)
        self.registry = self.useFixture(
            notifying_registry.NotifyingRegistry(
                self.path,
                f"{self.service.url}/v1/notify/lab",
                AUTHORIZATION,
            )
        )
        self.cloud = cloud.Cloud(self.lab)
        # When the service has stopped, and neither deletes nor copies.
        self.addCleanup(self.forget)
        self.service.list.write_text(
            f"{self.registry.host}/team/* delete=yes\n"
            f"{self.registry.host}/kept/*\n"
        )
        self.service.start(
            conductor={"source": "registry", "poll_interval": 1},
            notify={"receivers": "lab"},
            **{
                "receiver:lab": {
                    "format": "distribution",
                    "secret": AUTHORIZATION,
                }
            },
        )
        self.addCleanup(self.service.stop)

    def push(self, repository, tag, content):
        return images.push_image(
            self.registry.host, repository, tag, {"content": content}
        )

    def delete(self, repository, image):
        """Delete a manifest, and with it all tags that point at it."""
        place = images.Repository(self.registry.host, repository)
        place.delete_manifest(image.digest)

    def names(self):
        """List what Glance shows of this registry."""
        return sorted(
            f"{image.properties['docker_name']}"
            f":{image.properties['docker_tag']}"
            for image in self.cloud.glance.images()
            if image.status == "active" and self.is_ours(image)
        )

    def is_ours(self, image):
        # Glance shows what it is about to delete, without its properties.
        name = (image.properties or {}).get("docker_name") or ""
        return name.startswith(f"{self.registry.host}/")

    def forget(self):
        for image in self.cloud.glance.images():
            if self.is_ours(image):
                self.cloud.glance.delete_image(image.id)

    def shown(self, *names):
        """Wait until Glance shows these images of the registry."""
        expected = sorted(f"{self.registry.host}/{name}" for name in names)
        wait.until(lambda: self.names() == expected, f"{expected}", 60)

    def test_docker_push(self):
        engine = docker.DockerClient(
            base_url=self.lab["LAB_DOCKER_HOST"], timeout=300
        )
        self.addCleanup(engine.close)
        image = engine.images.pull(
            f"{self.lab['LAB_REGISTRY']}/demo/busybox", "latest"
        )
        name = f"{self.registry.host}/team/busybox"
        image.tag(name, "1.0")
        self.addCleanup(engine.images.remove, image.id, force=True)
        told = engine.images.push(name, "1.0", stream=True, decode=True)
        self.assertEqual([], [line for line in told if "error" in line])
        self.shown("team/busybox:1.0")
        [found] = self.cloud.glance.images(name=f'in:"{name}"')
        self.assertEqual(image.id, found.properties["docker_id"])

    def test_what_is_deleted_is_gone_where_the_list_allows_it(self):
        one = self.push("team/app", "1", b"one")
        self.push("team/app", "1-alias", b"one")
        self.push("team/app", "2", b"two")
        kept = self.push("kept/app", "1", b"three")
        everything = ("team/app:1", "team/app:1-alias", "team/app:2",
                      "kept/app:1")  # fmt: skip
        self.shown(*everything)
        self.delete("kept/app", kept)
        self.delete("team/app", one)
        self.shown("team/app:2", "kept/app:1")

    def test_the_queue_of_the_registry_never_blocks(self):
        self.push("other/app", "1", b"none of ours")
        self.push("team/app", "1", b"one")
        self.shown("team/app:1")

    def test_what_happens_while_the_service_is_away_is_not_lost(self):
        self.service.stop_process("reposync-api")
        self.push("team/app", "1", b"one")
        self.service.start_process("reposync-api")
        self.shown("team/app:1")
        admin = client.Client(self.service.url, self.cloud.token())
        query = {"all_projects": "true"}
        answer = admin.call("GET", "/v1/operations", params=query)
        [operation] = answer.json()["operations"]
        self.assertEqual("created", operation["outcome"])
