# SPDX-License-Identifier: Apache-2.0
"""``/v1/operations`` and ``/v1/sync``."""

from oslo_utils import uuidutils

from reposync import exception
from reposync.db.queue import operations
from tests.contract import operations as contract
from tests.unit.api import base


class OperationsTest(base.ApiTestCase):
    """List, show, cancel."""

    def submit(self, image="a", **values):
        values.setdefault("project_id", "reposync")
        return operations.submit(self.db, contract.request(image, **values))

    def ids(self, query=""):
        found = self.call("GET", f"/v1/operations{query}", 200).json
        return [each["id"] for each in found["operations"]]

    def test_list(self):
        pull = self.submit()
        delete = self.submit("b", kind="delete", image_id="i")
        self.submit("c", project_id="other")
        hook = self.submit("d", project_id=None)
        for query, expected in (
            ("", {pull.id, delete.id}),
            ("?kind=pull", {pull.id}),
            ("?state=queued", {pull.id, delete.id}),
            ("?state=failed", set()),
            ("?reference=a", {pull.id}),
            (f"?parent={hook.id}", set()),
            ("?all_projects=false", {pull.id, delete.id}),
        ):
            self.assertEqual(expected, set(self.ids(query)), query)
        self.assertEqual(4, len(self.ids("?all_projects=true")))

    def test_pages_lead_to_each_other(self):
        made = {self.submit(f"image{n}").id for n in range(5)}
        path, seen = "/v1/operations?limit=2", []
        while path:
            page = self.call("GET", path, 200).json
            seen += [each["id"] for each in page["operations"]]
            links = {link["rel"]: link["href"] for link in page["links"]}
            path = links.get("next")
        self.assertEqual(5, len(seen))
        self.assertEqual(made, set(seen))

    def test_bad_queries(self):
        for query in (
            "state=other",
            "kind=other",
            "limit=x",
            "marker=x",
            f"marker={uuidutils.generate_uuid()}",
            "parent=%00",
            "all_projects=1",
            "x=1",
        ):
            self.refused(
                400, "invalid_request", "GET", f"/v1/operations?{query}"
            )

    def test_show(self):
        row = self.submit()
        path = f"/v1/operations/{row.id}"
        found = self.call("GET", path, 200).json["operation"]
        self.assertEqual("queued", found["state"])
        self.assertEqual(
            {"phase": None, "bytes": 0, "total": None}, found["progress"]
        )
        self.assertRegex(found["created_at"], r"^20.*T.*\.\d{3}Z$")
        self.assertNotIn("counts", found)
        error = exception.ReferenceNotFound("unknown")
        self.finish(row.id, "failed", error=error)
        found = self.call("GET", path).json["operation"]
        self.assertEqual(
            {"code": "reference_not_found", "message": "unknown"},
            found["error"],
        )

    def test_unknown_ones(self):
        for name in (uuidutils.generate_uuid(), "x", "%00", "a%20b"):
            for method in ("GET", "DELETE"):
                self.refused(
                    404, "operation_not_found", method,
                    f"/v1/operations/{name}",
                )  # fmt: skip

    def test_cancel(self):
        row = self.submit()
        path = f"/v1/operations/{row.id}"
        answer = self.call("DELETE", path, 202)
        self.assertEqual("cancelled", answer.json["operation"]["state"])
        self.assertEqual(f"http://localhost{path}", answer.headers["Location"])
        self.refused(409, "operation_finished", "DELETE", path)

    def test_sync_counts_its_parts(self):
        answer = self.call("PUT", "/v1/sync", 202)
        operation = answer.json["operation"]
        self.assertEqual(0, operation["counts"]["total"])
        part = self.submit("a", parent_id=operation["id"])
        self.finish(part.id, outcome="created", image={"id": "i"})
        path = f"/v1/operations/{operation['id']}"
        counts = self.call("GET", path).json["operation"]["counts"]
        self.assertEqual((1, 1), (counts["created"], counts["total"]))
        listed = self.call("GET", "/v1/operations?kind=sync").json
        self.assertEqual(counts, listed["operations"][0]["counts"])

    def test_sync_takes_nothing(self):
        self.refused(400, "invalid_request", "PUT", "/v1/sync?x=1")
        self.refused(405, "method_not_allowed", "GET", "/v1/sync")

    def test_without_the_database_nothing_is_accepted(self):
        self.config(connection="sqlite:////nowhere/x.db", group="database")
        self.db = None
        self.make()
        for method, path in (
            ("PUT", "/v1/images?imageName=a"),
            ("PUT", "/v1/sync"),
            ("GET", "/v1/operations"),
        ):
            self.refused(503, "database_unavailable", method, path)
            self.assertEqual("5", self.answer.headers["Retry-After"])
