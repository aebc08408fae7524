# SPDX-License-Identifier: Apache-2.0
"""Somebody asks again for what waits after a failure."""

import logging

import fixtures

from reposync import exception
from reposync.db.queue import leases
from reposync.db.queue import operations
from tests.unit.api import base

_PULL = "/v1/images?imageName=team/app"


class AskedAgainTest(base.ApiTestCase):
    """The pause ends, unless a registry asked for it."""

    def failed(self, error):
        """Fail the first attempt of a pull; gives the operation's id."""
        made = self.call("PUT", _PULL, 202).json["operation"]
        self.assertIsNone(made["next_attempt_at"])
        self.assertEqual(5, made["max_attempts"])
        row = leases.claim(self.db, made["id"], 0, "me", 60)
        lease = leases.Lease(row.id, "me", row.attempt)
        leases.give_back(self.db, lease, 900, error=error)
        self.conductor.nudges.clear()
        return made["id"]

    def show(self, operation_id):
        path = f"/v1/operations/{operation_id}"
        return self.call("GET", path, 200).json["operation"]

    def test_after_a_failure(self):
        failed = self.failed(exception.SourceUnavailable("no answer"))
        before = self.show(failed)
        self.assertEqual(1, before["attempt"])
        again = self.call("PUT", _PULL, 202).json["operation"]
        self.assertEqual(failed, again["id"])
        self.assertEqual("no answer", again["error"]["message"])
        self.assertLess(again["next_attempt_at"], before["next_attempt_at"])
        found = leases.candidates(self.db, 9)
        self.assertEqual([(failed, 1)], found)

    def test_not_when_a_registry_asked_to_wait(self):
        failed = self.failed(exception.RateLimited("in an hour"))
        before = self.show(failed)["next_attempt_at"]
        again = self.call("PUT", _PULL, 202).json["operation"]
        self.assertEqual(before, again["next_attempt_at"])
        self.assertEqual([], leases.candidates(self.db, 9))

    def test_a_webhook_does_not_end_it(self):
        failed = self.failed(exception.SourceUnavailable("no answer"))
        before = self.show(failed)["next_attempt_at"]
        row = operations.get(self.db, failed)
        request = operations.Request(
            "pull", row.image_key, project_id=row.project_id
        )
        self.assertEqual(failed, operations.submit(self.db, request).id)
        self.assertEqual(before, self.show(failed)["next_attempt_at"])

    def test_looks_of_those_who_wait_are_not_logged(self):
        made = self.call("PUT", _PULL, 202).json["operation"]
        info = self.useFixture(fixtures.FakeLogger(level=logging.INFO))
        self.show(made["id"])
        self.call("GET", f"/v1/operations?parent={made['id']}", 200)
        self.assertNotIn("/v1/operations", info.output)
        self.call("GET", "/v1/operations", 200)
        self.assertIn('"GET /v1/operations" 200', info.output)
