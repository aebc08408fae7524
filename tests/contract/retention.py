# SPDX-License-Identifier: Apache-2.0
"""What forgetting operations must do on every kind of database."""

import concurrent.futures

from reposync import exception
from reposync.db.queue import batches
from reposync.db.queue import leases
from reposync.db.queue import operations
from reposync.db.queue import retention
from reposync.db.queue import statistics
from tests.contract import operations as contract
from tests.fixtures import wait


class RetentionContract:
    """Tests; the class that uses them sets ``self.db``."""

    def submit(self, image, end=True, **kwargs):
        """Write an operation down, and end it if it shall."""
        row = operations.submit(self.db, contract.request(image, **kwargs))
        if end:
            lease = self.begin(row)
            leases.finish(self.db, lease, "succeeded", outcome="created")
        return row

    def begin(self, row):
        taken = leases.claim(self.db, row.id, row.attempt, "host:1", 60)
        return leases.Lease(taken.id, "host:1", taken.attempt)

    def tree(self, *ends):
        """Make a synchronisation with a part for each of ``ends``."""
        parent = self.submit("sync", end=False, kind="sync")
        lease = self.begin(parent)
        for number, end in enumerate(ends):
            self.submit(f"part{number}", end, parent_id=parent.id)
        return parent, lease

    def left(self):
        query = operations.Query(limit=1000)
        return {row.id for row in operations.find(self.db, query)}

    def purge(self, seconds=0, limit=100):
        return retention.purge(self.db, seconds, limit)

    def test_what_ended_long_ago_is_forgotten(self):
        old = self.submit("old")
        waiting = self.submit("waiting", end=False)
        running = self.submit("running", end=False)
        self.begin(running)
        self.assertEqual(0, self.purge(3600))
        wait.until(lambda: retention.count(self.db, 0) == 1)
        self.assertEqual(1, self.purge())
        self.assertEqual({waiting.id, running.id}, self.left())
        self.assertEqual(0, self.purge())
        self.assertRaises(
            exception.OperationNotFound, operations.get, self.db, old.id
        )

    def test_a_synchronisation_goes_with_its_parts(self):
        _parent, lease = self.tree(True, True, True)
        # Its parts have ended, but it has not.
        self.assertEqual(0, self.purge())
        batches.leave_to_children(self.db, lease)
        batches.settle(self.db)
        wait.until(lambda: retention.count(self.db, 0) == 4)
        self.assertEqual(4, self.purge())
        self.assertEqual(set(), self.left())

    def test_a_part_that_runs_keeps_all_of_them(self):
        _parent, lease = self.tree(True, False)
        error = exception.CatalogueUnavailable("away")
        leases.finish(self.db, lease, "failed", error=error)
        before = self.left()
        self.assertEqual(0, self.purge())
        self.assertEqual(0, retention.count(self.db, 0))
        self.assertEqual(before, self.left())

    def test_it_goes_in_batches_parts_first(self):
        parent, lease = self.tree(*[True] * 5)
        batches.leave_to_children(self.db, lease)
        batches.settle(self.db)
        wait.until(lambda: retention.count(self.db, 0) == 6)
        done = []
        while not done or done[-1]:
            done.append(self.purge(limit=4))
            if len(done) == 1:
                self.assertIn(parent.id, self.left())
        self.assertEqual([4, 2, 0], done)

    def test_many_purge_at_once(self):
        for number in range(30):
            self.submit(f"image{number}")
        wait.until(lambda: retention.count(self.db, 0) == 30)
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda _: self.purge(limit=7), range(30)))
        self.assertEqual(set(), self.left())

    def test_the_queue_in_numbers(self):
        found = statistics.queue(self.db)
        self.assertEqual(0, found.oldest)
        self.assertEqual({0}, set(found.counts.values()))
        self.submit("ended")
        self.submit("waiting", end=False)
        self.begin(self.submit("running", end=False))
        found = wait.until(
            lambda: (seen := statistics.queue(self.db)).oldest > 0 and seen
        )
        self.assertLess(found.oldest, 60)
        self.assertEqual(
            (1, 1, 0),
            (
                found.counts["pull", "queued"],
                found.counts["pull", "running"],
                found.counts["sync", "queued"],
            ),
        )
