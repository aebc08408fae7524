# SPDX-License-Identifier: Apache-2.0
"""The whole service in one process."""

import docker

from lab import images
from tests.fixtures import client
from tests.fixtures import deployment
from tests.fixtures import standalone
from tests.functional import base


class StandaloneTest(base.TestCase):
    """``reposync-standalone`` with the lab's engine and registry."""

    def setUp(self):
        super().setUp()
        self.service = standalone.Standalone(
            self.path, standalone.with_mirror(self.lab)
        )

    def start(self):
        caller = self.service.start()
        self.addCleanup(self.service.process.wait, 60)
        self.addCleanup(self.service.process.kill)
        return caller

    def test_first_start_pull_restart_and_load(self):
        caller = self.start()
        text = self.service.log.read_text()
        token = self.service.data / "token"
        self.assertIn(f"token (made now): see {token}", text)
        # The log of a service is no place for it.
        self.assertNotIn(caller.headers["X-Auth-Token"], text)
        self.assertEqual(0o600, token.stat().st_mode & 0o777)
        name = f"{self.lab['LAB_REGISTRY']}/{deployment.unique('test/one')}"
        registry, _, repository = name.partition("/")
        pushed = images.push_image(
            registry, repository, "latest", {"content": b"standalone"}
        )
        done = caller.done(caller.pull(name))
        self.assertEqual(0, self.service.stop())
        caller = self.start()
        again = caller.done(caller.pull(name))
        self.assertEqual("unchanged", again["outcome"])
        path = self.service.data / "images" / done["image_id"] / "image.tar"
        engine = docker.DockerClient(base_url=self.lab["LAB_DOCKER_HOST"])
        self.addCleanup(engine.close)
        with path.open("rb") as archive:
            [loaded] = engine.images.load(archive)
        self.addCleanup(engine.images.remove, loaded.id, force=True)
        self.assertEqual(pushed.image_id, loaded.id)

    def test_without_the_token_nothing_is_done(self):
        self.start()
        for token in (None, "wrong"):
            caller = client.Client(self.service.url, token)
            answer = caller.call("GET", "/v1/images")
            self.assertEqual(401, answer.status_code)
