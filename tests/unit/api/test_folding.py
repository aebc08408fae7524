# SPDX-License-Identifier: Apache-2.0
"""Requests of several threads in one transaction."""

import concurrent.futures
import dataclasses
import threading

from reposync import exception
from reposync.api.webhooks import group_commit
from reposync.db.queue import leases
from reposync.db.queue import operations
from tests.contract.operations import request
from tests.fixtures import database
from tests.fixtures import wait
from tests.unit import base


class WatchedDatabase:
    """The real one; something can be done around its next transactions.

    :ivar around: functions that get the transaction; each is used once
    :ivar number: how many transactions were begun
    """

    def __init__(self, db):
        self._db = db
        self.around = []
        self.number = 0

    def write(self, work):
        self.number += 1
        if self.around:
            return self.around.pop(0)(lambda: self._db.write(work))
        return self._db.write(work)


class Moment(threading.Event):
    """Does something when it is really waited for, and is patient then.

    :ivar made: what that gave, each time
    """

    def __init__(self, work):
        super().__init__()
        self._work = work
        self.made = []

    def wait(self, timeout=None):
        if not self.is_set():
            self.made.append(self._work())
            timeout = 60
        return super().wait(timeout)


class FoldingTest(base.TestCase):
    """SQLite and threads."""

    def setUp(self):
        super().setUp()
        fixture = database.SqliteDatabase(self.conf, self.path)
        self.db = self.useFixture(fixture).db
        self.watched = WatchedDatabase(self.db)
        self.folding = group_commit.Folding(self.watched)
        self.pool = concurrent.futures.ThreadPoolExecutor(32)
        self.addCleanup(self.pool.shutdown)

    def submit(self, *requests):
        """Submit each from a thread of its own; gives their futures."""
        return [self.pool.submit(self.folding.submit, one) for one in requests]

    def during(self, *requests, then=lambda: None):
        """Submit during the next transaction, which waits for them.

        :param then: called when it is committed and nobody knows yet
        """
        futures = []

        def around(transaction):
            futures.extend(self.submit(*requests))
            wait.until(lambda: self.folding.waiting == len(requests))
            result = transaction()
            then()
            return result

        self.watched.around.append(around)
        first = self.folding.submit(request("first"))
        return first, futures

    def test_who_comes_meanwhile_shares_the_next_transaction(self):
        names = ["a", "b", "a", "first", "c"] * 4
        first, futures = self.during(*map(request, names))
        rows = [future.result() for future in futures]
        self.assertEqual(names, [row.reference for row in rows])
        self.assertEqual({first.id}, {r.id for r in rows[3::5]})
        self.assertEqual(2, self.watched.number)
        found = operations.find(self.db, operations.Query())
        self.assertEqual(
            {"a": 7, "b": 3, "c": 3, "first": 4},
            {row.reference: row.coalesced for row in found},
        )

    def test_after_several_a_leader_waits_for_as_many(self):
        gathered = Moment(lambda: self.submit(request("late")))
        self.folding = group_commit.Folding(self.watched, gathered)
        _, futures = self.during(request("a"), request("b"))
        for future in futures:
            future.result(30)
        [[late]] = gathered.made
        self.assertEqual("late", late.result(30).reference)
        self.assertEqual(2, self.watched.number)

    def test_a_leader_does_not_wait_for_ever(self):
        self.folding = group_commit.Folding(self.watched)
        _, futures = self.during(request("a"), request("b"))
        for future in futures:
            future.result(30)
        self.assertEqual(2, self.watched.number)

    def test_alone_it_is_a_transaction_of_its_own(self):
        gathered = Moment(lambda: None)
        self.folding = group_commit.Folding(self.watched, gathered)
        for _ in range(3):
            self.folding.submit(request())
        self.assertEqual([], gathered.made)
        self.assertEqual(3, self.watched.number)
        self.assertEqual(0, self.folding.waiting)

    def test_who_comes_meanwhile_is_not_covered_by_what_was_claimed(self):
        def claim():
            [row] = operations.find(self.db, operations.Query())
            self.assertTrue(leases.claim(self.db, row.id, 0, "host:1", 30))

        first, [future] = self.during(request("first"), then=claim)
        self.assertNotEqual(first.id, future.result().id)
        self.assertEqual("queued", future.result().state)

    def test_a_failure_is_told_to_all_it_covers(self):
        def away(transaction):
            raise exception.DatabaseUnavailable("away", retry_after=5)

        names = ["a", "a", "b"]
        self.watched.around.append(away)
        first = self.submit(request("first"))
        self.assertRaises(exception.DatabaseUnavailable, first[0].result)
        _, futures = self.during(
            *map(request, names), then=lambda: self.watched.around.append(away)
        )
        for future in futures:
            error = self.assertRaises(
                exception.DatabaseUnavailable, future.result
            )
            self.assertEqual(5, error.retry_after)
        [only] = operations.find(self.db, operations.Query())
        self.assertEqual(("first", 0), (only.reference, only.coalesced))
        self.assertEqual("a", self.folding.submit(request("a")).reference)

    def test_one_that_cannot_be_written_harms_no_other(self):
        bad = dataclasses.replace(request("bad"), kind=None)
        _, futures = self.during(request("a"), bad, request("b"))
        self.assertEqual("a", futures[0].result().reference)
        self.assertNotIsInstance(
            futures[1].exception(), exception.ReposyncError
        )
        self.assertEqual("b", futures[2].result().reference)

    def test_a_storm_of_threads(self):
        names = [f"image{number % 3}" for number in range(300)]
        rows = [each.result() for each in self.submit(*map(request, names))]
        self.assertEqual(names, [row.reference for row in rows])
        found = operations.find(self.db, operations.Query())
        self.assertEqual([99] * 3, [row.coalesced for row in found])
        self.assertLess(self.watched.number, 300)
