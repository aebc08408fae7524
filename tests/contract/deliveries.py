# SPDX-License-Identifier: Apache-2.0
"""What the tables of deliveries and callbacks must do on every database.

A class that runs this gives ``self.db``.
"""

from concurrent import futures
import threading

import sqlalchemy as sa

from reposync import exception
from reposync.db import models
from reposync.db.connection import clock
from reposync.db.queue import deduplication
from reposync.db.queue import leases
from reposync.db.queue import operations
from reposync.db.webhooks import callbacks
from reposync.db.webhooks import deliveries
from reposync.db.webhooks import tallies
from tests.contract import operations as contract


class DeliveriesContract:
    """Folding, purging, calling back."""

    def deliver(self, key=None, url=None, content=None, **values):
        request = contract.request(**values)
        return deliveries.submit(
            self.db,
            request,
            deliveries.Delivery(
                key and key * 64, url, content and content * 64
            ),
        )

    def known(self):
        statement = sa.select(models.Delivery.key)
        return self.db.read(
            lambda session: sorted(
                key[0] for key in session.scalars(statement)
            )
        )

    def age(self, key, days):
        statement = (
            sa.update(models.Delivery)
            .where(models.Delivery.key == key * 64)
            .values(created_at=clock.now_ms() - days * 24 * 3600 * 1000)
        )
        self.db.write(lambda session: session.execute(statement))

    def finish(self, row, state="succeeded", **values):
        taken = leases.claim(self.db, row.id, row.attempt, "me", 60)
        leases.finish(
            self.db, leases.Lease(row.id, "me", taken.attempt), state, **values
        )

    def test_a_delivery_counts_once(self):
        first = self.deliver("a")
        self.assertIsNone(self.deliver("a"))
        self.assertEqual(first.id, self.deliver("b").id)
        self.assertEqual(first.id, self.deliver().id)
        found = operations.get(self.db, first.id)
        self.assertEqual(2, found.coalesced)
        self.assertEqual(["a", "b"], self.known())

    def test_old_news_holds_nothing_back(self):
        def tell(key, digest, content=None):
            told = deduplication.Announcement(f"sha256:{digest * 64}", 100)
            row = self.deliver(key, content=content or digest, announced=told)
            row = operations.get(self.db, row.id)
            return row, (row.announced_digest[7], row.settle_until)

        first, told = tell("1", "a")
        self.assertEqual(("a", first.created_at + 100_000), told)
        row, told = tell("2", "b")
        self.assertEqual((first.id, "b"), (row.id, told[0]))
        # Somebody has overheard the first, and sends it again and again.
        for key in ("3", "4"):
            row, now = tell(key, "a")
            self.assertEqual((first.id, told), (row.id, now))
        self.finish(row)
        # It may be the registry itself, for whom a new operation waits.
        row, told = tell("5", "a")
        self.assertNotEqual(first.id, row.id)
        self.assertEqual(("a", row.created_at + 100_000), told)
        # Old or new, it takes turns with other webhooks.
        self.assertEqual(first.lane, row.lane)
        self.assertIsNone(self.deliver("5", content="a"))

    def test_what_came_to_nothing_counts_anew(self):
        for key, state in (("a", "failed"), ("b", "cancelled")):
            row = self.deliver(key)
            self.assertIsNone(self.deliver(key))
            taken = leases.claim(self.db, row.id, row.attempt, "me", 60)
            self.assertIsNone(self.deliver(key))
            lease = leases.Lease(row.id, "me", taken.attempt)
            leases.finish(self.db, lease, state)
            again = self.deliver(key, "https://a/1")
            self.assertNotEqual(row.id, again.id)
            self.assertIsNone(self.deliver(key))
            self.finish(again, outcome="created")
            self.assertIsNone(self.deliver(key))
            [due] = callbacks.due(self.db)
            self.assertEqual(again.id, due.operation.id)
            callbacks.done(self.db, due.id)

    def test_what_joined_shares_the_fate(self):
        row = self.deliver("a")
        self.assertEqual(row.id, self.deliver("b").id)
        self.finish(row, "failed")
        again = self.deliver("b")
        self.assertEqual(again.id, self.deliver("a").id)
        self.assertIsNone(self.deliver("a"))

    def test_of_what_was_purged_nobody_knows_how_it_ended(self):
        row = self.deliver("a")
        self.finish(row)
        self.assertIsNone(self.deliver("a"))
        statement = sa.delete(models.Operation)
        self.db.write(lambda session: session.execute(statement))
        self.assertIsNotNone(self.deliver("a"))
        self.assertIsNone(self.deliver("a"))

    def test_one_that_is_older_than_the_column_counts_anew(self):
        statement = sa.insert(models.Delivery).values(
            key="a" * 64, created_at=1
        )
        self.db.write(lambda session: session.execute(statement))
        self.assertIsNotNone(self.deliver("a"))
        self.assertIsNone(self.deliver("a"))

    def test_many_that_come_again_at_once_make_one(self):
        self.finish(self.deliver("a"), "failed")
        with futures.ThreadPoolExecutor(8) as pool:
            found = list(pool.map(self.deliver, "a" * 8))
        [made] = [row for row in found if row]
        self.assertEqual(0, operations.get(self.db, made.id).coalesced, found)

    def test_what_fails_leaves_no_trace(self):
        written = operations.join_or_add

        def broken(session, request):
            written(session, request)
            raise exception.InvalidRequest("in the middle")

        self.addCleanup(setattr, operations, "join_or_add", written)
        operations.join_or_add = broken
        self.assertRaises(exception.InvalidRequest, self.deliver, "a", "u")
        operations.join_or_add = written
        self.assertEqual([], self.known())
        self.assertEqual([], operations.find(self.db, operations.Query()))
        self.assertIsNotNone(self.deliver("a"))

    def test_many_at_once_make_one(self):
        found = []

        def run():
            found.append(self.deliver("a"))

        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(8, len(found))
        self.assertEqual(1, len([each for each in found if each]))
        [row] = operations.find(self.db, operations.Query())
        self.assertEqual(0, row.coalesced)

    def test_old_ones_are_forgotten(self):
        for key in "abcde":
            self.deliver(key)
        for days, key in enumerate("abcde"):
            self.age(key, days)
        deliveries.purge(self.db, days=3, most=100)
        self.assertEqual(["a", "b", "c"], self.known())
        deliveries.purge(self.db, days=3, most=2)
        self.assertEqual(["a", "b"], self.known())
        deliveries.purge(self.db, days=3, most=2)
        self.assertEqual(["a", "b"], self.known())
        self.assertIsNone(self.deliver("a"))
        self.assertIsNotNone(self.deliver("c"))

    def test_a_deletion_and_a_pull_of_one_image_are_two(self):
        pull = self.deliver("a")
        gone = self.deliver("b", kind="delete")
        self.assertNotEqual(pull.id, gone.id)
        self.assertEqual(gone.id, self.deliver("c", kind="delete").id)
        self.assertIsNotNone(leases.claim(self.db, pull.id, 0, "me", 60))
        self.assertIsNone(leases.claim(self.db, gone.id, 0, "you", 60))

    def test_a_callback_is_due_when_its_operation_ends(self):
        row = self.deliver(url="https://a/1")
        self.deliver(url="https://a/2")
        self.assertEqual([], callbacks.due(self.db))
        self.finish(row, outcome="created")
        first, second = callbacks.due(self.db)
        self.assertEqual(
            {"https://a/1", "https://a/2"}, {first.url, second.url}
        )
        self.assertEqual("created", first.operation.outcome)
        self.assertTrue(callbacks.take(self.db, first, 60))
        self.assertFalse(callbacks.take(self.db, first, 60))
        self.assertEqual(
            [second.id], [each.id for each in callbacks.due(self.db)]
        )
        self.assertTrue(callbacks.take(self.db, second, 0))
        [again] = callbacks.due(self.db)
        self.assertEqual(1, again.attempt)
        callbacks.done(self.db, second.id)
        callbacks.done(self.db, first.id)
        self.assertEqual([], callbacks.due(self.db))

    def test_numbers_of_several_processes_add_up(self):
        counts = {("a", "accepted"): 1, ("", "refused"): 2}
        self.assertEqual({}, tallies.read(self.db))
        with futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: tallies.add(self.db, counts), range(8)))
        self.assertEqual(
            {("a", "accepted"): 8, ("", "refused"): 16},
            tallies.read(self.db),
        )

    def test_callbacks_go_with_their_operation(self):
        row = self.deliver(url="https://a/1")
        self.finish(row)
        statement = sa.delete(models.Operation)
        self.db.write(lambda session: session.execute(statement))
        self.assertEqual([], callbacks.due(self.db))
