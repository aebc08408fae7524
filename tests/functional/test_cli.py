# SPDX-License-Identifier: Apache-2.0
"""``openstack reposync``: images and synchronisations."""

from tests.fixtures import wait
from tests.functional import openstack


class ImageTest(openstack.CliTestCase):
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
        self.assertIn(
            f"{self.name}:missing: failed: reference_not_found", done.stderr
        )
        self.assertIn(
            "Failed to pull 'Not:A:Name': 'Not:A:Name' is not", done.stderr
        )
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


class SyncTest(openstack.CliTestCase):
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
        [sync] = self.json(
            "operation", "list", "--kind", "sync", "--limit", "1"
        )
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
