# SPDX-License-Identifier: Apache-2.0
"""Each line of an operation can be found by two ids."""

from tests.fixtures import wait
from tests.functional import watching


class LogTest(watching.WatchingTestCase):
    """JSON lines of both services."""

    # Glance is asked by way of keystoneauth, in the driver.
    options = {
        "DEFAULT": {
            "default_log_levels": "amqp=WARN,oslo.messaging=WARN,"
            "sqlalchemy=WARN,urllib3=WARN,stevedore=WARN,keystoneauth=DEBUG"
        }
    }

    def test_ids_from_the_request_to_the_driver(self):
        self.push("one")
        operation = self.admin.done(self.admin.pull(self.name))
        ids = operation["id"], operation["request_id"]
        self.assertEqual([ids], self.ids_of_access("PUT /v1/images"))
        wait.until(
            lambda: self.said("reposync-conductor", "succeeded"),
            "the last line of the operation",
            60,
        )
        found = [
            line
            for line in self.lines("reposync-conductor")
            if line["context"].get("resource_uuid") == ids[0]
        ]
        self.assertEqual(
            {ids[1]}, {line["context"]["request_id"] for line in found}
        )
        names = {line["name"] for line in found}
        for part in ("reposync.conductor", "reposync.sources", "keystoneauth"):
            self.assertTrue(
                any(name.startswith(part) for name in names), names
            )
        # Whatever names the image belongs to the operation.
        strangers = [
            line["message"]
            for line in self.lines("reposync-conductor")
            if self.name in line["message"] and line not in found
        ]
        self.assertEqual([], strangers)

    def test_a_request_leaves_no_ids_to_the_next(self):
        self.push("one")
        for _ in range(20):
            self.admin.pull(self.name)
            self.assertEqual(
                401,
                self.client_without_token().call("GET", "/v1/x").status_code,
            )
        for operation_id, request_id in self.ids_of_access("GET /v1/x"):
            self.assertIsNone(operation_id)
            self.assertTrue(request_id)

    def client_without_token(self):
        return type(self.admin)(self.service.url)

    def ids_of_access(self, what):
        return [
            (line["context"]["resource_uuid"], line["context"]["request_id"])
            for line in self.lines("reposync-api")
            if f'"{what}"' in line["message"]
        ]


class TextLogTest(watching.WatchingTestCase):
    """The usual form of a line."""

    options = {"DEFAULT": {"use_json": False}}

    def test_both_ids_are_in_a_line(self):
        operation = self.admin.ended(self.admin.pull(self.name))
        expected = f"[operation {operation['id']}] Operation"
        lines = wait.until(
            lambda: [
                line
                for line in self.service.log("reposync-conductor")
                .read_text()
                .splitlines()
                if expected in line
            ],
            "a line of the operation",
            60,
        )
        self.assertIn(operation["request_id"], lines[0])
