# SPDX-License-Identifier: Apache-2.0
"""One project asks for thousands of images, and another one for one."""

import uuid

import sqlalchemy as sa

from reposync.db import models
from reposync.db.connection import clock
from reposync.db.connection import session
from reposync.db.queue import operations
from reposync.db.queue import request
from tests.fixtures import wait
from tests.functional import service

MANY = 10_000
#: As many as callers of a project may have waiting.
LIMIT = 1000


class TurnsTest(service.ServiceTestCase):
    """Tokens of two projects of the lab's Keystone."""

    def setUp(self):
        super().setUp()
        self.service.list.write_text(f"{self.name}\n")
        self.addCleanup(self.service.list.write_text, "")
        url = self.service.database_url
        self.config(connection=url, group="database")
        self.db = session.Database(self.conf)
        self.addCleanup(self.db.dispose)
        self.greedy = self.client("demo-manager")
        self.other = self.client("other-manager")
        first = self.greedy.pull(self.name, "missing")
        self.project = first["project_id"]
        self.greedy.ended(first)
        self.mine = sa.and_(
            models.Operation.project_id == self.project,
            models.Operation.state == "queued",
        )
        self.addCleanup(self.cancel_all)

    def fill(self, number, later=0):
        """Write down as many pulls of the project.

        :param later: milliseconds before they may begin
        """
        now = self.db.read(lambda s: s.scalar(sa.select(clock.now_ms())))
        rows = [
            self.row(f"{self.name}:missing-{each}")
            | {"not_before": now + later, "created_at": now, "updated_at": now}
            for each in range(number)
        ]
        statement = sa.insert(models.Operation)
        self.db.write(lambda s: s.connection().execute(statement, rows))

    def row(self, reference):
        wanted = request.Request(
            "pull",
            uuid.uuid4().hex * 2,
            reference=reference,
            project_id=self.project,
        )
        return request.columns(wanted) | {
            "id": str(uuid.uuid4()),
            "state": "queued",
            "pending_key": request.pending_key(wanted),
        }

    def waiting(self):
        counted = sa.select(sa.func.count()).where(self.mine)
        return self.db.read(lambda session: session.scalar(counted))

    def cancel_all(self):
        self.db.write(
            lambda session: operations.cancel_chosen(session, self.mine)
        )

    def state(self, operation):
        return self.other.operation(operation["id"])["state"]

    def test_the_other_one_does_not_wait_for_all_of_them(self):
        self.push("one")
        self.fill(MANY)
        operation = self.other.pull(self.name)
        wait.until(lambda: self.state(operation) != "queued", "its turn", 60)
        self.assertGreater(self.waiting(), 0.9 * MANY)
        self.assertEqual("created", self.other.done(operation)["outcome"])

    def test_one_more_than_may_wait(self):
        self.fill(LIMIT, later=3_600_000)
        path = f"/v1/images?imageName={self.name}&tag=one-more"
        refused = self.greedy.call("PUT", path)
        [error] = refused.json()["errors"]
        self.assertEqual(
            (429, "too_many_operations"),
            (refused.status_code, error["code"]),
        )
        self.assertGreater(int(refused.headers["Retry-After"]), 0)
        self.other.pull(self.name, "one-more")
        query = operations.Query(project_id=self.project, state="queued")
        [last, *_] = operations.find(self.db, query)
        cancelled = self.greedy.call("DELETE", f"/v1/operations/{last.id}")
        self.assertEqual(202, cancelled.status_code)
        self.greedy.pull(self.name, "one-more")
