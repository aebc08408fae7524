# SPDX-License-Identifier: Apache-2.0
"""The deployed service with a simulated OpenNebula as its catalogue.

Everything else is real: processes, message bus, database, Keystone, registry.
"""

import signal

from lab import images
from reposync import reference as ref
from tests.fixtures import client
from tests.fixtures import cloud
from tests.fixtures import deployment
from tests.fixtures import one_cloud
from tests.fixtures import one_server
from tests.fixtures import wait
from tests.functional import base

PASSWORD = "opennebulapass"
LABELS = {
    "eu.indigo-datacloud.type": "linux",
    "eu.indigo-datacloud.distribution": 'debian"\nPATH="/etc/passwd',
}


class OpenNebulaTest(base.TestCase):
    """A conductor with the driver ``opennebula``."""

    mode = "docker"

    def setUp(self):
        super().setUp()
        self.one = self.useFixture(one_server.OneServer())
        self.kept = self.one.cloud.images
        repository = deployment.unique("test/image")
        self.name = f"{self.lab['LAB_REGISTRY']}/{repository}"
        self.shown = f"{self.name.replace('/', '_')}_latest".replace(":", "@")
        self.service = deployment.Deployment(self.lab)
        self.addCleanup(self.service.stop)
        self.service.start(
            conductor={
                "driver": "opennebula",
                "source": "registry",
                "lease": 5,
                "heartbeat": 1,
                "poll_interval": 1,
                "retry_delay": 1,
                "workers": 3,
            },
            opennebula={
                "endpoint": self.one.endpoint,
                "user": "oneadmin",
                "password": PASSWORD,
                "path": self.mode,
                "directory": self.path / "outbox",
                "poll_interval": 0.1,
            },
        )
        token = cloud.Cloud(self.lab).token()
        self.caller = client.Client(self.service.url, token)

    def push(self, content, tag="latest"):
        reference = ref.Reference.parse(self.name)
        return images.push_image(
            reference.registry,
            reference.repository,
            tag,
            {"content": content.encode()},
            labels=LABELS,
        )

    def pull(self, tag="latest"):
        return self.caller.done(self.caller.pull(self.name, tag))

    def living(self):
        return [
            image
            for image in self.kept.values()
            if image.state != one_cloud.DELETE
        ]

    def test_pull_update_and_delete(self):
        pushed = self.push("one")
        done = self.pull()
        self.assertEqual("created", done["outcome"])
        [made] = self.living()
        self.assertEqual(
            (self.shown, f"docker://{self.name}:latest"),
            (made.name, made.path),
        )
        found = made.template
        self.assertEqual(
            (pushed.image_id, pushed.digest, "linux", "x86_64"),
            (
                found["DOCKER_ID"],
                found["DOCKER_DIGEST"],
                found["OS"],
                found["HW_ARCHITECTURE"],
            ),
        )
        self.assertEqual("unchanged", self.pull()["outcome"])
        self.push("two")
        self.assertEqual("updated", self.pull()["outcome"])
        [new] = self.living()
        self.assertNotEqual(made.id, new.id)
        answer = self.caller.call("GET", "/v1/images")
        [listed] = answer.json()["images"]
        self.assertEqual(
            (str(new.id), self.shown, "docker"),
            (listed["id"], listed["name"], listed["type"]),
        )
        answer = self.caller.call("DELETE", f"/v1/images/{new.id}")
        self.caller.done(self.caller.accepted(answer))
        self.assertEqual([], self.living())
        self.assertNotIn(PASSWORD, self.logs())

    def test_a_synchronisation(self):
        for tag in ("1", "2", "3"):
            self.push(tag, tag)
        self.pull("2")
        self.service.list.write_text(
            "".join(f"{self.name}:{tag}\n" for tag in ("1", "2", "3"))
        )
        answer = self.caller.call("PUT", "/v1/sync")
        counts = self.caller.done(self.caller.accepted(answer))["counts"]
        self.assertEqual((2, 1), (counts["created"], counts["unchanged"]))
        self.assertEqual(3, len(self.living()))

    def test_a_conductor_that_is_killed_while_opennebula_fetches(self):
        self.push("one")
        self.pull()
        self.push("two")
        self.one.cloud.ticks = 10**9
        operation = self.caller.pull(self.name)
        wait.until(lambda: len(self.living()) == 2, "a new image")
        half = max(image.id for image in self.living())
        process = self.service.processes["reposync-conductor"]
        workers = deployment.children(process.pid)
        self.assertTrue(workers)
        for pid in (process.pid, *workers):
            deployment.send(pid, signal.SIGKILL)
        process.wait(20)
        self.one.cloud.ticks = 2
        # Nobody deletes it before it is copied.
        self.one.cloud.hurry()
        self.service.start_process("reposync-conductor")
        done = self.caller.done(operation)
        self.assertEqual("updated", done["outcome"])
        [made] = self.living()
        self.assertNotEqual(half, made.id)
        self.assertEqual(
            (self.shown, done["image_id"]), (made.name, str(made.id))
        )

    def test_what_opennebula_says_reaches_the_caller(self):
        self.push("one")
        self.one.cloud.full = True
        ended = self.caller.ended(self.caller.pull(self.name))
        self.assertEqual("catalogue_quota_exceeded", ended["error"]["code"])
        self.assertIn("Not enough space", ended["error"]["message"])
        self.assertEqual([], self.living())

    def logs(self):
        return "".join(
            self.service.log(name).read_text()
            for name in ("reposync-api", "reposync-conductor")
        )
