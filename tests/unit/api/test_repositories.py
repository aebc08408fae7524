# SPDX-License-Identifier: Apache-2.0
"""``/v1/repositories``."""

from reposync import exception
from reposync.db.queue import operations
from tests.contract import operations as contract
from tests.unit.api import base


class RepositoriesTest(base.ApiTestCase):
    """What is mirrored, and how fresh it is."""

    def setUp(self):
        super().setUp()
        self.list.write_text(
            "busybox\n# a remark\nhost:5000/a/b:1 source=docker\n"
            "team/*\nBad:Name:\nbusybox\n"
        )

    def listed(self, query=""):
        found = self.call("GET", f"/v1/repositories{query}", 200).json
        return found["repositories"]

    def pull(self, reference, state="succeeded", **values):
        asked = contract.request(reference, project_id="other")
        row = operations.submit(self.db, asked)
        self.finish(row.id, state, **values)

    def test_lines_in_order_each_once(self):
        one, two, three, bad = self.listed()
        self.assertEqual(
            ("busybox", "busybox:latest", None, False),
            tuple(one[k] for k in ("id", "reference", "source", "pattern")),
        )
        self.assertEqual(
            ("host:5000/a/b:1", "host:5000/a/b:1", "docker", False),
            tuple(two[k] for k in ("id", "reference", "source", "pattern")),
        )
        self.assertEqual(
            ("team/*", None, True),
            tuple(three[k] for k in ("id", "reference", "pattern")),
        )
        self.assertEqual(("Bad:Name:", None), (bad["id"], bad["reference"]))
        self.assertEqual("invalid_reference", bad["error"]["code"])
        self.assertIn("Line 5", bad["error"]["message"])

    def test_what_the_last_pulls_found(self):
        self.assertIsNone(self.listed()[0]["synced_at"])
        self.pull("busybox:latest", outcome="created", image={"id": "i"})
        found, other, *_ = self.listed()
        self.assertEqual("created", found["outcome"])
        self.assertIsNotNone(found["synced_at"])
        self.assertIsNone(found["error"])
        self.assertIsNone(other["synced_at"])
        self.pull(
            "busybox:latest", "failed", error=exception.RegistryDenied("no")
        )
        failing = self.listed()[0]
        self.assertEqual(
            {"code": "registry_denied", "message": "no"}, failing["error"]
        )
        self.assertEqual(found["synced_at"], failing["synced_at"])
        self.pull("busybox:latest", outcome="unchanged", image={"id": "i"})
        again = self.listed()[0]
        self.assertEqual("unchanged", again["outcome"])
        self.assertIsNone(again["error"])

    def test_pages_lead_to_each_other(self):
        path, seen = "/v1/repositories?limit=3", []
        while path:
            page = self.call("GET", path, 200).json
            seen += [each["id"] for each in page["repositories"]]
            links = {link["rel"]: link["href"] for link in page["links"]}
            path = links.get("next")
        self.assertEqual(
            ["busybox", "host:5000/a/b:1", "team/*", "Bad:Name:"], seen
        )

    def test_bad_queries(self):
        for query in ("?marker=nothing", "?limit=0", "?x=1"):
            self.refused(
                400, "invalid_request", "GET", f"/v1/repositories{query}"
            )

    def test_a_list_that_cannot_be_read(self):
        self.list.unlink()
        self.refused(503, "repositories_unreadable", "GET", "/v1/repositories")
