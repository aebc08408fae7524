# SPDX-License-Identifier: Apache-2.0
"""What tests of the HTTP interface share."""

import webtest

from reposync.api import app
from reposync.db.queue import leases
from reposync.db.queue import operations
from tests.fixtures import conductor
from tests.fixtures import database
from tests.unit import base

TOKEN = "a-secret-of-some-length"
WEBHOOK = "the-secret-of-the-webhook"


class ApiTestCase(base.TestCase):
    """A test with the whole pipeline, but no server and no bus."""

    def setUp(self):
        super().setUp()
        fixture = database.SqliteDatabase(self.conf, self.path)
        self.db = self.useFixture(fixture).db
        self.conductor = conductor.FakeConductor()
        self.list = self.path / "list"
        self.list.write_text("team/*\n")
        self.config(auth_strategy="token", token=TOKEN, group="api")
        self.config(stream_poll_interval=0.05, group="api")
        self.config(tokens=[WEBHOOK], group="notify")
        self.config(file=str(self.list), group="repositories")
        self.make()

    def make(self):
        self.app = webtest.TestApp(self.make_wsgi())
        self.headers = {"X-Auth-Token": TOKEN}

    def make_wsgi(self):
        services = app.make_services(self.conf, self.db, self.conductor)
        self.addCleanup(services.close)
        return app.make_app(self.conf, services)

    def call(self, method, path, status=None, **kwargs):
        headers = self.headers | kwargs.pop("headers", {})
        return self.app.request(
            path,
            method=method,
            headers=headers,
            status=status or "*",
            **kwargs,
        )

    def refused(self, status, code, method, path, **kwargs):
        """Call what must be refused; returns the error."""
        answer = self.call(method, path, **kwargs)
        self.assertEqual(
            (status, "application/json"),
            (answer.status_int, answer.content_type),
            answer.body,
        )
        if method == "HEAD":
            return answer
        [error] = answer.json["errors"]
        self.assertEqual(
            {"status", "code", "title", "detail", "request_id", "links"},
            set(error),
        )
        self.assertEqual((status, code), (error["status"], error["code"]))
        self.assertEqual(
            answer.headers["X-OpenStack-Request-ID"], error["request_id"]
        )
        self.answer = answer
        return error

    def rows(self):
        return operations.find(self.db, operations.Query())

    def finish(self, operation_id, state="succeeded", **values):
        row = operations.get(self.db, operation_id)
        taken = leases.claim(self.db, row.id, row.attempt, "me", 60)
        lease = leases.Lease(row.id, "me", taken.attempt)
        leases.finish(self.db, lease, state, **values)
