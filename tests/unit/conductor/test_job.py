# SPDX-License-Identifier: Apache-2.0
"""The lease of an operation in one worker's hands."""

from reposync import exception
from reposync.conductor import job as conductor_job
from reposync.db.queue import leases
from reposync.db.queue import operations
from tests.contract import operations as contract
from tests.fixtures import database
from tests.fixtures import wait
from tests.unit import base


class JobTest(base.TestCase):
    """When work goes on and when it ends."""

    def setUp(self):
        super().setUp()
        fixture = database.SqliteDatabase(self.conf, self.path)
        self.db = self.useFixture(fixture).db

    def make(self, seconds=30, heartbeat=10):
        operation = operations.submit(self.db, contract.request())
        operation = leases.claim(self.db, operation.id, 0, "me", seconds)
        return conductor_job.Job(operation, "me", seconds, heartbeat)

    def test_progress_is_written_by_the_next_beat(self):
        job = self.make()
        job.progress("pulling", 5, 10)
        job.beat(self.db)
        found = operations.get(self.db, job.operation.id)
        self.assertEqual(("pulling", 5), (found.phase, found.bytes_done))

    def test_without_a_sign_of_life_work_ends_by_itself(self):
        job = self.make(seconds=0)
        wait.until(lambda: self._lost(job), "the end of the lease")

    def test_a_lease_taken_over_ends_work(self):
        job = self.make(seconds=0, heartbeat=0)
        wait.until(lambda: leases.candidates(self.db, 1))
        self.assertIsNotNone(
            leases.claim(self.db, job.operation.id, 1, "other", 30)
        )
        job.beat(self.db)
        self.assertRaises(exception.LeaseLost, job.progress, "x", 1, 2)
        self.assertRaises(exception.LeaseLost, job.confirm, self.db)

    def test_a_cancelled_operation_is_not_confirmed(self):
        job = self.make()
        operations.cancel(self.db, job.operation.id)
        self.assertRaises(exception.OperationCancelled, job.confirm, self.db)

    def test_a_stop_ends_work_at_the_next_piece(self):
        job = self.make()
        job.stop(exception.StoppingService("bye"))
        self.assertRaises(exception.StoppingService, job.progress, "x", 1, 2)

    def test_a_heart_does_not_wait_for_a_worker(self):
        job = self.make(heartbeat=0)
        with job._lock:
            job.beat(self.db)

    def test_work_that_is_cancelled_already_does_not_begin(self):
        operation = operations.submit(self.db, contract.request())
        operation = leases.claim(self.db, operation.id, 0, "me", 30)
        operations.cancel(self.db, operation.id)
        operation = operations.get(self.db, operation.id)
        job = conductor_job.Job(operation, "me", 30, 10)
        self.assertRaises(exception.OperationCancelled, job.check)
        self.assertIsInstance(job.stopped_by, exception.OperationCancelled)

    def _lost(self, job):
        try:
            job.check()
        except exception.LeaseLost:
            return True
        return False
