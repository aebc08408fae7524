# SPDX-License-Identifier: Apache-2.0
"""``openstack reposync operation``, and waiting."""

import os
import signal
import subprocess

from tests.fixtures import cli
from tests.fixtures import wait
from tests.functional import openstack


class OperationTest(openstack.CliTestCase):
    """``openstack reposync operation``."""

    def test_list_show_and_cancel(self):
        self.push("one")
        done = self.admin.done(self.admin.pull(self.name))
        query = ("--reference", f"{self.name}:latest")
        [listed] = self.json("operation", "list", *query, "--kind", "pull")
        self.assertEqual(
            (done["id"], "created"), (listed["ID"], listed["Outcome"])
        )
        query += ("--all-projects", "--state")
        self.assertEqual([], self.json("operation", "list", *query, "failed"))
        table = self.run_openstack(
            "operation", "list", *query, "succeeded", "--long"
        )
        self.assertRegex(table.stdout, rf"\| {done['id']} \| pull ")
        shown = self.json("operation", "show", done["id"])
        self.assertEqual(done["image"], shown["image"])
        table = self.run_openstack("operation", "show", done["id"])
        self.assertRegex(table.stdout, r"\| outcome +\| created ")
        unknown = "11111111-1111-4111-8111-111111111111"
        ended = self.run_openstack(
            "operation", "cancel", done["id"], unknown, status=1
        )
        self.assertIn("has succeeded already", ended.stderr)
        self.assertIn(f"There is no operation {unknown}", ended.stderr)
        self.assertIn("Failed to cancel 2 of 2", ended.stderr)

    def test_wait_for_one_that_is_cancelled(self):
        with self.frozen_conductor():
            operation = self.admin.pull(self.name)
            waiting = self.openstack.start(
                *("reposync", "operation", "wait", operation["id"]),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            self.run_openstack("operation", "cancel", operation["id"])
            _, text = waiting.communicate(timeout=60)
        self.assertEqual(1, waiting.returncode)
        self.assertIn("1 of 1 operations did not succeed", text)

    def pull_on_a_terminal(self):
        words = ("reposync", "image", "pull", "--wait", self.name)
        terminal = cli.Terminal(self.openstack, *words)
        self.addCleanup(terminal.close)
        return terminal

    def test_waiting_is_stopped_and_the_work_goes_on(self):
        self.push("one")
        with self.frozen_conductor():
            listing = self.openstack.start(
                *("reposync", "image", "list"),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            done = self.run_openstack(
                *("image", "pull", self.name, "--wait", "--timeout", "0.5"),
                status=1,
            )
            self.assertIn("Not finished after 0.5 seconds", done.stderr)
            [operation] = self.json("operation", "list", "--state", "queued")
            terminal = self.pull_on_a_terminal()
            wait.until(lambda: "queued\r\n" in terminal.text, "a row", 60)
            os.killpg(terminal.process.pid, signal.SIGINT)
            self.assertEqual(130, terminal.process.wait(60))
            wait.until(lambda: "Interrupted" in terminal.text, "the message")
            follow = f"openstack reposync operation wait {operation['ID']}"
            self.assertIn(follow, terminal.text)
            self.assertNotIn("Traceback", terminal.text)
            _, text = listing.communicate(timeout=60)
            self.assertIn("Does a reposync-conductor run?", text)
        [ended] = self.json("operation", "wait", operation["ID"])
        self.assertEqual("created", ended["Outcome"])

    def test_a_terminal_is_drawn_over(self):
        self.push("one")
        with self.frozen_conductor():
            terminal = self.pull_on_a_terminal()
            wait.until(lambda: "queued\r\n" in terminal.text, "a row", 60)
        self.assertEqual(0, terminal.process.wait(60))
        line = f"\x1b[1F\x1b[J{self.name}:latest: created,"
        wait.until(lambda: line in terminal.text, f"{line!r}")
