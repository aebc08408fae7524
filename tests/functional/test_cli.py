# SPDX-License-Identifier: Apache-2.0
"""``openstack reposync`` with Keystone, as users of a cloud run it."""

import contextlib
import os
import pty
import signal
import subprocess
import threading

from keystoneauth1 import session as keystone_session
from keystoneauth1.identity import v3
import requests

from tests.fixtures import cli
from tests.fixtures import deployment
from tests.fixtures import wait
from tests.functional import service


class CliTestCase(service.ServiceTestCase):
    """A test with a logged-in administrator, ``self.openstack``."""

    def setUp(self):
        super().setUp()
        self.openstack = self.user()
        self.addCleanup(self.service.list.write_text, "")

    def user(self, **settings):
        usual = {
            name: value
            for name, value in self.lab.items()
            if name.startswith("OS_") and name != "OS_TEST_PATH"
        }
        usual["OS_REPOSYNC_ENDPOINT"] = self.service.url
        return cli.OpenStack(self.path, **usual | settings)

    def json(self, *words, **kwargs):
        return self.openstack.json("reposync", *words, **kwargs)

    def run_openstack(self, *words, **kwargs):
        return self.openstack.run("reposync", *words, **kwargs)

    @contextlib.contextmanager
    def frozen_conductor(self):
        """Freeze the conductor, so that nothing happens."""
        launcher = self.service.processes["reposync-conductor"].pid
        workers = deployment.children(launcher)
        for pid in workers:
            deployment.send(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in workers:
                deployment.send(pid, signal.SIGCONT)


class ImageTest(CliTestCase):
    """``openstack reposync image``."""

    def test_pull_list_show_delete(self):
        self.push("one")
        [asked] = self.json("image", "pull", self.name)
        self.assertEqual(f"{self.name}:latest", asked["Reference"])
        [done] = self.json("operation", "wait", asked["ID"])
        self.assertEqual("created", done["Outcome"])
        query = ("image", "list", "--filter", self.name)
        [listed] = self.json(*query, "--type", "docker", "--long")
        self.assertEqual(done["Image ID"], listed["ID"])
        self.assertIsInstance(listed["Size"], int)
        self.assertEqual([], self.json(*query, "--type", "vm"))
        table = self.run_openstack(*query)
        self.assertRegex(table.stdout, r"\| ID +\| Name +\| Docker Tag")
        self.assertRegex(table.stdout, rf"{listed['ID']}.* kB +\| active")
        for wanted in (self.name, f"{self.name}:latest", listed["ID"]):
            shown = self.json("image", "show", wanted)
            self.assertEqual(listed["Docker Digest"], shown["docker_digest"])
        table = self.run_openstack("image", "show", listed["ID"])
        self.assertRegex(table.stdout, r"\| docker_tag +\| latest")
        table = self.run_openstack(
            "image", "delete", "--wait", f"{self.name}:latest"
        )
        self.assertIn("succeeded", table.stdout)
        self.assertEqual([], self.json(*query))

    def test_pages(self):
        for tag in ("1", "2", "3"):
            self.push(tag, tag)
            self.admin.done(self.admin.pull(self.name, tag))
        query = ("image", "list", "--filter", self.name)
        three = [each["ID"] for each in self.json(*query)]
        self.assertEqual(3, len(three))
        cut = self.json(*query, "--limit", "1", "--marker", three[0])
        self.assertEqual([three[1]], [each["ID"] for each in cut])

    def test_one_that_fails_does_not_stop_the_others(self):
        self.push("one")
        names = (self.name, f"{self.name}:missing", "Not:A:Name")
        done = self.run_openstack("image", "pull", "--wait", *names, status=1)
        lines = done.stderr.splitlines()
        self.assertTrue(
            any(x.startswith(f"{self.name}:latest: created,") for x in lines)
        )
        self.assertIn(f"{self.name}:missing: failed: reference_not_found", done.stderr)
        self.assertIn("Failed to pull 'Not:A:Name': 'Not:A:Name' is not", done.stderr)
        self.assertEqual(
            "Failed to pull 1 of 3. 1 of 2 operations did not succeed",
            lines[-1],
        )
        self.assertNotIn("\x1b", done.stderr)
        found = self.json("image", "pull", "--wait", *names[:2], status=1)
        self.assertEqual(
            ["unchanged", None], [each["Outcome"] for each in found]
        )
        done = self.run_openstack(
            "image", "delete", f"{self.name}:5", "nothing", self.name, status=1
        )
        self.assertIn("No image has the id or the name nothing", done.stderr)
        self.assertIn("Failed to delete 2 of 3", done.stderr)
        wait.until(
            lambda: not self.cloud.everything(self.name), "the deletion"
        )

    def test_what_cannot_be_understood(self):
        for words, status, text in (
            (("image", "list", "--filter", "a("), 1, "Use * and ? as wild"),
            (("image", "list", "--limit", "0"), 2, "must be 1 or more"),
            (("image", "show", "a/b:1"), 1, "No image has the id or the"),
        ):
            done = self.run_openstack(*words, status=status)
            self.assertIn(text, done.stderr)


class OperationTest(CliTestCase):
    """``openstack reposync operation``."""

    def test_list_show_and_cancel(self):
        self.push("one")
        done = self.admin.done(self.admin.pull(self.name))
        query = ("--reference", f"{self.name}:latest")
        [listed] = self.json("operation", "list", *query, "--kind", "pull")
        self.assertEqual((done["id"], "created"), (listed["ID"], listed["Outcome"]))
        query += ("--all-projects", "--state")
        self.assertEqual([], self.json("operation", "list", *query, "failed"))
        table = self.run_openstack("operation", "list", *query, "succeeded", "--long")
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
            terminal = Terminal(
                self.openstack, "reposync", "image", "pull", "--wait", self.name
            )
            self.addCleanup(terminal.close)
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
            terminal = Terminal(
                self.openstack, "reposync", "image", "pull", "--wait", self.name
            )
            self.addCleanup(terminal.close)
            wait.until(lambda: "queued\r\n" in terminal.text, "a row", 60)
        self.assertEqual(0, terminal.process.wait(60))
        line = f"\x1b[1F\x1b[J{self.name}:latest: created,"
        wait.until(lambda: line in terminal.text, f"{line!r}")


class Terminal:
    """A command whose messages go to a terminal.

    :ivar text: what it has written so far
    """

    def __init__(self, openstack, *words):
        self._ours, theirs = pty.openpty()
        openstack.env["TERM"] = "xterm"
        self.process = openstack.start(
            *words, stdout=subprocess.DEVNULL, stderr=theirs
        )
        os.close(theirs)
        self.text = ""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        # The kernel says EIO when the last writer has gone.
        with contextlib.suppress(OSError):
            while piece := os.read(self._ours, 4096):
                self.text += piece.decode()

    def close(self):
        self._thread.join(20)
        os.close(self._ours)


class SyncTest(CliTestCase):
    """``openstack reposync sync`` and ``repository list``."""

    def setUp(self):
        super().setUp()
        for tag in ("1", "2"):
            self.push(tag, tag)
        self.admin.done(self.admin.pull(self.name, "2"))

    def write(self, *lines):
        self.service.list.write_text("".join(f"{x}\n" for x in lines))

    def test_each_image_is_told_of(self):
        self.write(*(f"{self.name}:{tag}" for tag in ("1", "2", "nothing")))
        done = self.run_openstack("sync", "--wait", status=1)
        for text in (
            f"{self.name}:1: created,",
            f"{self.name}:2: unchanged,",
            f"{self.name}:nothing: failed: reference_not_found",
            "1 of 1 operations did not succeed",
        ):
            self.assertIn(text, done.stderr)
        self.assertRegex(
            done.stdout,
            r"\| counts +\| 1 created, 1 unchanged, 1 failed ",
        )
        [sync] = self.json("operation", "list", "--kind", "sync", "--limit", "1")
        parts = self.json("operation", "list", "--parent", sync["ID"])
        self.assertEqual(3, len(parts))
        one, _, nothing = self.json("repository", "list", "--long")
        self.assertEqual("created", one["Outcome"])
        self.assertIsNotNone(one["Synced At"])
        self.assertEqual("reference_not_found", nothing["Error"]["code"])
        table = self.run_openstack("repository", "list")
        self.assertRegex(table.stdout, r"\| Repository +\| Synced At")

    def test_without_waiting(self):
        self.write(f"{self.name}:1", f"{self.name}:2")
        asked = self.json("sync")
        self.assertEqual("sync", asked["kind"])
        done = self.run_openstack("operation", "wait", asked["id"])
        self.assertIn("succeeded", done.stdout)
        again = self.json("sync", "--wait")
        self.assertEqual(2, again["counts"]["unchanged"])


class AccessTest(CliTestCase):
    """Where the service is, who may do what, help."""

    def test_the_catalogue_has_it(self):
        kind = deployment.unique("image-sync")
        self.register(kind, self.service.url)
        user = self.user(OS_REPOSYNC_ENDPOINT="", OS_REPOSYNC_SERVICE_TYPE=kind)
        user.json("reposync", "operation", "list", "--limit", "1")
        user = self.user(OS_REPOSYNC_ENDPOINT="")
        words = ("reposync", "image", "list", "--os-reposync-service-type")
        done = user.run(words[-1], "nothing", *words[:-1], status=1)
        self.assertIn("openstack service create --name", done.stderr)

    def register(self, kind, url):
        """Put a service into Keystone's catalogue, and take it out again."""
        env = self.lab
        auth = v3.Password(
            env["OS_AUTH_URL"],
            username=env["OS_USERNAME"],
            password=env["OS_PASSWORD"],
            project_name=env["OS_PROJECT_NAME"],
            user_domain_name="Default",
            project_domain_name="Default",
        )
        keystone = keystone_session.Session(auth=auth)
        base = env["OS_AUTH_URL"]
        made = keystone.post(
            f"{base}/services", json={"service": {"type": kind, "name": kind}}
        ).json()["service"]["id"]
        self.addCleanup(keystone.delete, f"{base}/services/{made}")
        endpoint = {
            "service_id": made,
            "interface": "public",
            "url": url,
            "region_id": env["OS_REGION_NAME"],
        }
        keystone.post(f"{base}/endpoints", json={"endpoint": endpoint})

    def test_nothing_answers(self):
        user = self.user(OS_REPOSYNC_ENDPOINT="http://127.0.0.1:1")
        done = user.run("reposync", "image", "list", status=1)
        self.assertIn("Nothing answers there", done.stderr)

    def test_a_role_that_is_missing(self):
        user = self.user(
            OS_USERNAME="demo-member",
            OS_PASSWORD=self.lab["LAB_DEMO_PASSWORD"],
            OS_PROJECT_NAME="demo",
        )
        self.assertEqual([], user.json("reposync", "operation", "list"))
        done = user.run("reposync", "image", "pull", self.name, status=1)
        self.assertIn("Ask for the role that may do this", done.stderr)

    def test_help_and_completion(self):
        commands = self.openstack.run("reposync", "--help").stdout
        self.assertEqual(10, commands.count("  reposync "))
        helped = self.openstack.run("help", "reposync", "image", "pull").stdout
        self.assertIn("Examples: openstack reposync image pull", helped)
        completed = self.openstack.run("complete").stdout
        self.assertIn("cmds_reposync='image operation repository sync'", completed)
        self.assertRegex(completed, r"cmds_reposync_image_pull='.*--wait")
