# SPDX-License-Identifier: Apache-2.0
"""Prometheus asks a conductor."""

from tests.fixtures import wait
from tests.functional import watching

ENDED = "reposync_operations_ended_total"


class MetricsTest(watching.WatchingTestCase):
    """Numbers of real work, and of a database that goes away."""

    def number(self, *key):
        return self.metrics()[key]

    def test_what_was_done_is_counted(self):
        self.assertEqual(0, self.number(ENDED, "pull", "created", "succeeded"))
        self.assertEqual(0, self.number("reposync_lease_losses_total"))
        self.push("one" * 1000)
        done = self.admin.done(self.admin.pull(self.name))
        self.admin.done(self.admin.pull(self.name))
        self.admin.ended(self.admin.pull(f"{self.name}-missing"))
        wait.until(
            lambda: self.number(ENDED, "pull", "", "failed"), "the failure", 60
        )
        found = self.metrics()
        for outcome in ("created", "unchanged"):
            self.assertEqual(1, found[ENDED, "pull", outcome, "succeeded"])
        self.assertEqual(
            done["image"]["size"], self.number("reposync_copied_bytes_total")
        )
        self.assertEqual(1, self.number("reposync_copy_seconds_count"))
        self.assertEqual(1, self.number("reposync_database_up"))
        self.assertEqual(0, self.number("reposync_jobs"))
        self.assertLess(0, self.number("process_resident_memory_bytes"))

    def test_what_waits_is_counted(self):
        self.assertEqual(0, self.number("reposync_oldest_waiting_seconds"))
        # Nobody listens there, so it waits for another attempt.
        operation = self.admin.pull("127.0.0.1:1/a/b")
        self.addCleanup(
            self.admin.call, "DELETE", f"/v1/operations/{operation['id']}"
        )
        wait.until(
            lambda: self.number("reposync_oldest_waiting_seconds") > 1,
            "an operation that waits",
            60,
        )
        self.assertLess(
            0,
            self.number(
                "reposync_retries_total", "source_unavailable", "pull"
            ),
        )

    def test_a_database_that_is_away_is_no_error(self):
        servers = self.servers()
        self.addCleanup(
            wait.until, self.service.healthy, "the database back", 60
        )
        self.addCleanup(servers.start, "postgresql")
        servers.stop("postgresql")
        wait.until(
            lambda: self.number("reposync_database_up") == 0,
            "a database that is away",
            60,
        )
        away = self.metrics()
        self.assertNotIn(("reposync_oldest_waiting_seconds",), away)
        self.assertNotIn(("reposync_operations", "pull", "queued"), away)
        self.assertIn(("reposync_lease_losses_total",), away)
        servers.start("postgresql")
        wait.until(
            lambda: self.number("reposync_database_up") == 1, "it back", 60
        )
        self.assertEqual(0, self.number("reposync_oldest_waiting_seconds"))
