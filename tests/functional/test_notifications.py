# SPDX-License-Identifier: Apache-2.0
"""Another service listens to what becomes of operations."""

from tests.fixtures import listener
from tests.fixtures import wait
from tests.functional import watching


class NotificationsTest(watching.WatchingTestCase):
    """A real listener on a real broker."""

    def prepare(self):
        # The queue first: nobody keeps what comes before it.
        self.others = self.useFixture(
            listener.NotificationListener(
                self.conf, self.lab["LAB_TRANSPORT_URL"], self.topic
            )
        )

    def heard(self, operation, *types, seconds=60):
        """Wait for the notifications of an operation, and give them."""
        names = [f"reposync.operation.{each}" for each in types]
        wait.until(
            lambda: self.others.types(operation["id"]) == names,
            f"{types} of {operation}",
            seconds,
        )
        return self.others.of(operation["id"])

    def test_a_pull(self):
        self.push("one")
        operation = self.admin.done(self.admin.pull(self.name))
        start, end = self.heard(operation, "start", "end")
        self.assertEqual(
            ("info", "running", 1, "pull", self.name),
            (
                start["priority"],
                start["state"],
                start["attempt"],
                start["kind"],
                start["reference"].removesuffix(":latest"),
            ),
        )
        self.assertEqual(
            ("info", "succeeded", "created"),
            (end["priority"], end["state"], end["outcome"]),
        )
        self.assertEqual(operation["image_id"], end["image"]["id"])
        for each in (start, end):
            self.assertEqual(
                [operation["request_id"]] * 2,
                [each["request_id"], each["context"]["request_id"]],
            )
            self.assertIsNone(each["context"]["auth_token"])

    def test_a_failure(self):
        operation = self.admin.ended(self.admin.pull(self.name))
        _, error = self.heard(operation, "start", "error")
        self.assertEqual(
            ("error", "failed", "reference_not_found"),
            (error["priority"], error["state"], error["error"]["code"]),
        )

    def test_a_synchronisation(self):
        self.push("one")
        self.service.list.write_text(f"{self.name}\n")
        answer = self.admin.call("PUT", "/v1/sync")
        operation = self.admin.done(self.admin.accepted(answer))
        _, end = self.heard(operation, "start", "end")
        self.assertEqual(("sync", "succeeded"), (end["kind"], end["state"]))
        parts = [
            each
            for each in self.others.heard
            if each["parent_id"] == operation["id"]
        ]
        self.assertEqual(["running", "succeeded"], [p["state"] for p in parts])

    def test_an_outage_of_the_broker_holds_up_nothing(self):
        self.push("one")
        servers = self.servers()
        self.addCleanup(servers.start, "rabbitmq")
        servers.stop("rabbitmq")
        operation = self.admin.done(self.admin.pull(self.name))
        self.assertEqual("created", operation["outcome"])
        self.assertEqual([], self.others.of(operation["id"]))
        servers.start("rabbitmq")
        self.heard(operation, "start", "end", seconds=120)
        said = [
            line["levelname"]
            for line in self.lines("reposync-conductor")
            if line["name"] == "reposync.conductor.telemetry.notifications"
        ]
        self.assertEqual(["WARNING", "INFO"], said)
