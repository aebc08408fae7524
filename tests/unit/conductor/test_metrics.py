# SPDX-License-Identifier: Apache-2.0
"""Numbers for Prometheus, without a server."""

import socket
import threading
import time

from prometheus_client import exposition

from reposync import exception
from reposync.conductor import sources
from reposync.conductor.telemetry import gauges
from reposync.conductor.telemetry import metrics
from reposync.db.connection import session
from reposync.db.queue import leases
from reposync.db.webhooks import tallies
from reposync.sources.registry.transport import rate_limits
from reposync.sources.registry.transport import throttle
from tests.fixtures import database
from tests.fixtures import memory
from tests.fixtures import wait
from tests.unit import base
from tests.unit.conductor import base as conductor_base


class MetricsTest(conductor_base.ConductorTestCase):
    """What a conductor over memory counts."""

    def setUp(self):
        super().setUp()
        self.metrics = metrics.Metrics()
        self.listeners = [self.metrics.hear]

    def number(self, name, **labels):
        return self.metrics.registry.get_sample_value(name, labels)

    def test_ends_by_kind_state_and_outcome(self):
        name = "reposync_operations_ended_total"
        created = {"kind": "pull", "state": "succeeded", "outcome": "created"}
        failed = {"kind": "pull", "state": "failed", "outcome": ""}
        self.assertEqual(0, self.number(name, **created))
        self.start()
        self.source.push("busybox:latest", b"x" * 100)
        self.ended(self.pull("busybox"))
        self.ended(self.pull("missing"))
        wait.until(lambda: self.number(name, **failed) == 1)
        self.assertEqual(1, self.number(name, **created))
        self.assertEqual(1, self.number("reposync_copy_seconds_count"))
        wait.until(lambda: self.number("reposync_jobs") == 0)

    def test_parts_of_a_synchronisation_count(self):
        self.start()
        self.source.push("busybox:latest", b"one")
        self.list.write_text("busybox\nNOT A NAME\n")
        self.sync()
        self.sync()
        name = "reposync_operations_ended_total"
        for kind, state, outcome, expected in (
            ("pull", "succeeded", "created", 1),
            ("pull", "succeeded", "unchanged", 1),
            ("pull", "failed", "", 2),
            ("sync", "failed", "", 2),
        ):
            labels = {"kind": kind, "state": state, "outcome": outcome}
            wait.until(
                lambda n=expected, has=labels: self.number(name, **has) == n,
                labels,
            )

    def test_retries_and_copied_bytes_while_they_flow(self):
        self.start()
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        self.source.push("busybox:latest", b"x" * 100)
        self.source.failures = [exception.SourceUnavailable("away")]
        self.source.on_piece = lambda number: number < 50 or go_on.wait(20)
        operation = self.pull("busybox")
        copied = "reposync_copied_bytes_total"
        wait.until(lambda: self.number(copied) == 49)
        self.assertEqual(1, self.number("reposync_jobs"))
        labels = {"kind": "pull", "error": "source_unavailable"}
        self.assertEqual(1, self.number("reposync_retries_total", **labels))
        go_on.set()
        self.ended(operation)
        wait.until(lambda: self.number("reposync_jobs") == 0)
        self.assertEqual(99, self.number(copied))

    def test_a_lost_lease_counts(self):
        self.start()
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        reached = threading.Event()

        def hold(number):
            reached.set()
            go_on.wait(20)

        self.source.on_piece = hold
        self.source.push("busybox:latest", b"one")
        operation = self.pull("busybox")
        self.assertTrue(reached.wait(20))
        # Another one thinks that this one is dead.
        found = self.get(operation)
        lease = leases.Lease(found.id, found.owner, found.attempt)
        leases.extend(self.db, lease, -1)
        taken = wait.until(
            lambda: leases.claim(self.db, found.id, 1, "other", 60)
        )
        self.assertEqual(2, taken.attempt)
        go_on.set()
        wait.until(lambda: self.number("reposync_lease_losses_total") == 1)
        self.assertIn("left to the other one", self.log.output)


class GaugesTest(base.TestCase):
    """Numbers that are looked up."""

    def text(self, collector):
        found = metrics.Metrics(collector)
        return exposition.generate_latest(found.registry).decode()

    def test_a_database_that_is_away(self):
        url = "postgresql+psycopg2://nobody@127.0.0.1:1/x"
        self.config(connection=url, group="database")
        text = self.text(gauges.Queue(session.Database(self.conf, retries=0)))
        self.assertIn("reposync_database_up 0.0", text)
        self.assertNotIn("reposync_oldest_waiting_seconds ", text)
        db = session.Database(self.conf, retries=0)
        self.assertNotIn("webhook", self.text(gauges.Webhooks(db)))

    def test_webhooks(self):
        fixture = database.SqliteDatabase(self.conf, self.path)
        db = self.useFixture(fixture).db
        tallies.add(db, {("hub", "not_listed"): 3, ("", "refused"): 1})
        text = self.text(gauges.Webhooks(db))
        name = "reposync_webhook_events_total"
        for line in (
            f'{name}{{receiver="hub",result="not_listed"}} 3.0',
            f'{name}{{receiver="",result="refused"}} 1.0',
        ):
            self.assertIn(line, text)

    def test_budgets_of_registries(self):
        governors = throttle.Governors(1, 0)
        governors.of("docker.io").note(
            {
                "ratelimit-limit": "100;w=21600",
                "ratelimit-remaining": "42;w=21600",
            }
        )
        # Its window is over: it allows all of them again.
        old = governors.of("old.example.org")
        old.budget = rate_limits.Budget(9, 3, 60, time.monotonic() - 61)
        source = memory.MemorySource(self.conf)
        source.budgets = governors.budgets
        chosen = sources.Sources(self.conf, lambda conf, name: source)
        text = self.text(gauges.Budgets(chosen.budgets))
        for line in (
            'reposync_registry_pulls_left{registry="docker.io"} 42.0',
            'reposync_registry_pulls_limit{registry="docker.io"} 100.0',
        ):
            self.assertIn(line, text)
        self.assertNotIn("old.example.org", text)

    def test_a_port_that_is_taken_stops_nothing(self):
        first = metrics.Server(self.conf, metrics.Metrics())
        first.start()
        self.assertIsNone(first._server)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.config(port=port, group="metrics")
            second = metrics.Server(self.conf, metrics.Metrics())
            second.start()
            second.stop()
        self.assertIn(f"port {port}: Address already in use", self.log.output)
