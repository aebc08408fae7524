# SPDX-License-Identifier: Apache-2.0
"""What the deployed service tells of itself, seen from outside."""

import json
import os
import signal

from prometheus_client import parser
import requests

from tests.fixtures import cloud
from tests.fixtures import deployment
from tests.fixtures import listener
from tests.fixtures import wait
from tests.functional import base
from tests.functional import service



class WatchingTestCase(service.ServiceTestCase):
    """A test with a deployment of its own."""

    options = {}

    def setUp(self):
        base.TestCase.setUp(self)
        self.service = deployment.Deployment(self.lab)
        self.addCleanup(self.service.stop)
        self.topic = deployment.unique("notifications")
        self.metrics_port = deployment.free_port()
        options = {
            "DEFAULT": {"use_json": True},
            "conductor": {"source": "registry"},
            "metrics": {"port": self.metrics_port},
            "oslo_messaging_notifications": {
                "driver": "messagingv2",
                "topics": self.topic,
            },
        }
        for group, values in self.options.items():
            options.setdefault(group, {}).update(values)
        self.start(options)
        self.cloud = cloud.Cloud(self.lab)
        self.admin = self.client()
        repository = deployment.unique("test/image")
        self.name = f"{self.lab['LAB_REGISTRY']}/{repository}"
        self.addCleanup(self.forget_images)

    def start(self, options):
        self.service.start(**options)

    def log(self, name):
        """Read a log: a dictionary for each line."""
        return [
            json.loads(line)
            for line in self.service.log(name).read_text().splitlines()
            if line.startswith("{")
        ]

    def worker(self, name):
        """Give the process that does the work of a service."""
        [child] = deployment.children(self.service.processes[name].pid)
        return child

    def metrics(self):
        """Ask the conductor for its metrics: numbers by name and labels."""
        text = requests.get(
            f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=20
        ).text
        return {
            (sample.name, *sorted(sample.labels.values())): sample.value
            for family in parser.text_string_to_metric_families(text)
            for sample in family.samples
        }


class LogTest(WatchingTestCase):
    """Each line of an operation can be found by two ids."""

    def test_ids_from_the_request_to_the_driver(self):
        self.push("one")
        operation = self.admin.pull(self.name)
        self.admin.done(operation)
        request_id = self.admin.operation(operation["id"])["request_id"]
        [access] = [
            line
            for line in self.log("reposync-api")
            if '"PUT /v1/images"' in line["message"]
        ]
        self.assertEqual(
            (operation["id"], request_id),
            (
                access["context"]["resource_uuid"],
                access["context"]["request_id"],
            ),
        )
        for line in self.log("reposync-api"):
            if '"GET /healthcheck"' in line["message"]:
                self.assertIsNone(line["context"]["resource_uuid"])
        wait.until(
            lambda: any(
                "succeeded" in line["message"]
                for line in self.log("reposync-conductor")
            ),
            "the last line of the operation",
        )
        lines = [
            line
            for line in self.log("reposync-conductor")
            if line["context"].get("resource_uuid") == operation["id"]
        ]
        self.assertEqual(
            {request_id}, {line["context"]["request_id"] for line in lines}
        )
        # Of all lines that speak of it or of its image, only the nudge may
        # be missing, which can come before the claim.
        lost = [
            line["message"]
            for line in self.log("reposync-conductor")
            if (operation["id"] in line["message"] or self.name in line["message"])
            and line not in lines
        ]
        self.assertEqual([], lost)
        modules = {line["name"] for line in lines}
        for part in ("reposync.conductor.worker", "reposync.drivers"):
            self.assertTrue(
                any(name.startswith(part) for name in modules), modules
            )


class NotificationsTest(WatchingTestCase):
    """Another service listens."""

    def start(self, options):
        # The queue first: nobody keeps what comes before it.
        self.others = self.useFixture(
            listener.NotificationListener(
                self.conf, self.lab["LAB_TRANSPORT_URL"], self.topic
            )
        )
        super().start(options)

    def until(self, operation, *types):
        found = [f"reposync.operation.{each}" for each in types]
        wait.until(
            lambda: self.others.types(operation["id"]) == found,
            f"{types}, not {self.others.heard}",
        )
        return [
            each
            for each in self.others.heard
            if each["operation_id"] == operation["id"]
        ]

    def test_start_end_and_error(self):
        self.push("one")
        good = self.admin.done(self.admin.pull(self.name))
        start, end = self.until(good, "start", "end")
        self.assertEqual(
            ("info", "running", 1, "pull"),
            (start["priority"], start["state"], start["attempt"], start["kind"]),
        )
        self.assertEqual(
            ("info", "succeeded", "created", good["request_id"]),
            (end["priority"], end["state"], end["outcome"], end["request_id"]),
        )
        self.assertEqual(good["image_id"], end["image"]["id"])
        bad = self.admin.ended(self.admin.pull(f"{self.name}-missing"))
        _, error = self.until(bad, "start", "error")
        self.assertEqual(
            ("error", "failed", "reference_not_found"),
            (error["priority"], error["state"], error["error"]["code"]),
        )
        self.service.list.write_text(f"{self.name}\n")
        answer = self.admin.call("PUT", "/v1/sync")
        synced = self.admin.done(self.admin.accepted(answer))
        _, end = self.until(synced, "start", "end")
        self.assertEqual(("sync", "succeeded"), (end["kind"], end["state"]))

    def test_an_outage_of_the_broker_holds_up_nothing(self):
        self.push("one")
        servers = self.servers()
        self.addCleanup(servers.start, "rabbitmq")
        servers.stop("rabbitmq")
        operation = self.admin.pull(self.name)
        self.assertEqual("created", self.admin.done(operation)["outcome"])
        self.assertEqual([], self.others.types(operation["id"]))
        servers.start("rabbitmq")
        wait.until(
            lambda: self.others.types(operation["id"])
            == ["reposync.operation.start", "reposync.operation.end"],
            "what was kept for the time after the outage",
            120,
        )
        said = [
            line["message"]
            for line in self.log("reposync-conductor")
            if line["name"] == "reposync.conductor.notifications"
        ]
        self.assertEqual(2, len(said), said)


class MetricsTest(WatchingTestCase):
    """Prometheus asks."""

    def test_numbers(self):
        name = "reposync_operations_ended_total"
        before = self.metrics()
        self.assertEqual(0, before[name, "created", "pull", "succeeded"])
        self.assertEqual(0, before["reposync_lease_losses_total",])
        self.push("one" * 1000)
        done = self.admin.done(self.admin.pull(self.name))
        self.admin.done(self.admin.pull(self.name))
        self.admin.ended(self.admin.pull(f"{self.name}-missing"))
        wait.until(
            lambda: self.metrics()[name, "", "failed", "pull"], "the failure"
        )
        after = self.metrics()
        for outcome in ("created", "unchanged"):
            self.assertEqual(1, after[name, outcome, "pull", "succeeded"])
        size = done["image"]["size"]
        self.assertEqual(size, after["reposync_copied_bytes_total",])
        self.assertEqual(1, after["reposync_copy_seconds_count",])
        self.assertEqual(1, after["reposync_database_up",])
        self.assertIn(("reposync_operations", "pull", "queued"), after)
        self.assertIn(("process_resident_memory_bytes",), after)

    def test_the_oldest_waits_and_the_database_goes_away(self):
        os.kill(self.worker("reposync-conductor"), 0)
        servers = self.servers()
        self.addCleanup(
            wait.until, self.service.healthy, "the database back", 60
        )
        self.addCleanup(servers.start, "postgresql")
        servers.stop("postgresql")
        wait.until(
            lambda: self.metrics()["reposync_database_up",] == 0,
            "a database that is away",
            60,
        )
        self.assertNotIn(
            ("reposync_oldest_waiting_seconds",), self.metrics()
        )
        servers.start("postgresql")
        wait.until(
            lambda: self.metrics()["reposync_database_up",] == 1,
            "the database back",
            60,
        )
        self.assertEqual(0, self.metrics()["reposync_oldest_waiting_seconds",])


class ReportTest(WatchingTestCase):
    """Guru Meditation Reports of the processes."""

    def setUp(self):
        self.options = {"oslo_reports": {}}
        super().setUp()

    def start(self, options):
        options["oslo_reports"]["log_dir"] = self.path
        options["api"] = {"workers": 1}
        super().start(options)

    def test_a_report_tells_much_and_no_secret(self):
        for name in ("reposync-conductor", "reposync-api"):
            master = self.service.processes[name].pid
            for pid in (master, self.worker(name)):
                os.kill(pid, signal.SIGUSR2)
                pattern = f"{name}-{pid}_gurumeditation_*"
                [report] = wait.until(
                    lambda p=pattern: [
                        path
                        for path in self.path.glob(p)
                        if "[conductor]" in path.read_text()
                        or "conductor:" in path.read_text()
                    ],
                    f"a report of {name}",
                )
                self.look(report.read_text())
        self.assertTrue(self.service.healthy())

    def look(self, text):
        for part in ("reposync", "Threads", "poll_interval = 2"):
            self.assertIn(part, text)
        for secret in self.secrets():
            self.assertNotIn(secret, text)

    def secrets(self):
        urls = [
            self.lab["LAB_TRANSPORT_URL"],
            self.lab["LAB_POSTGRESQL_URL"],
        ]
        passwords = [url.split("@")[0].rpartition(":")[2] for url in urls]
        found = [
            self.lab["OS_PASSWORD"],
            deployment.WEBHOOK_TOKEN,
            *(each for each in passwords if len(each) > 4),
        ]
        self.assertGreaterEqual(len(found), 3)
        return found
