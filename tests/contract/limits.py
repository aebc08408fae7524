# SPDX-License-Identifier: Apache-2.0
"""How many operations may wait, on every kind of database."""

from concurrent import futures
import threading

from reposync import exception
from reposync.db.queue import deduplication
from reposync.db.queue import leases
from reposync.db.queue import operations
from tests.contract.operations import request
from tests.contract.operations import Rows

THREADS = 8


class LimitsContract(Rows):
    """Tests; the class that uses them sets ``self.db``."""

    def ask(self, *names, **values):
        asked = [request(name, **{"most": 3} | values) for name in names]
        return operations.submit_all(self.db, asked)

    def is_refused(self, name, **values):
        [found] = self.ask(name, **values)
        return isinstance(found, exception.TooManyOperations)

    def test_one_more_is_refused(self):
        self.ask("a", "b", "c")
        error = self.assertRaises(
            exception.TooManyOperations,
            operations.submit,
            self.db,
            request("d", most=3),
        )
        self.assertIn("3 operations of this project wait", error.message)
        self.assertGreater(error.retry_after, 0)
        self.assertTrue(self.is_refused("e", kind="delete"))
        rows = operations.find(self.db, operations.Query())
        self.assertEqual({"a", "b", "c"}, {row.reference for row in rows})

    def test_what_adds_nothing_is_not(self):
        self.ask("a", "b", "c")
        self.assertFalse(self.is_refused("b"))
        [row] = operations.find(self.db, operations.Query(reference="b"))
        self.assertEqual(1, row.coalesced)

    def test_others_are_not(self):
        [parent, *_] = self.ask("a", "b", "c")
        told = deduplication.Announcement(None, 0)
        for values in (
            {"project_id": "other"},
            {"most": None},
            {"announced": told, "most": None},
            {"parent_id": parent.id, "most": None},
        ):
            self.assertFalse(self.is_refused(f"d{values}", **values))

    def test_only_what_callers_have_waiting_counts(self):
        told = deduplication.Announcement(None, 0)
        [parent] = self.ask("all", kind="sync", most=None)
        self.ask(*"abcd", announced=told, most=None)
        self.ask(*"efgh", parent_id=parent.id, most=None)
        self.assertFalse(self.is_refused("mine"))

    def test_room_comes_back(self):
        first, second, third = self.ask("a", "b", "c")
        lease = self.claim(first)
        self.assertFalse(self.is_refused("d"))
        self.assertTrue(self.is_refused("e"))
        operations.cancel(self.db, second.id)
        self.assertFalse(self.is_refused("e"))
        leases.finish(self.db, self.claim(third), "succeeded")
        # One that waits for its next attempt waits, too.
        leases.give_back(self.db, lease, 3600)
        self.assertTrue(self.is_refused("f"))

    def test_some_of_several_are_refused(self):
        self.ask("a", "b")
        asked = [request(name, most=3) for name in ("c", "d", "a", "d", "e")]
        asked.append(request("f", most=3, project_id="other"))
        found = operations.submit_all(self.db, asked)
        refused = [
            one.reference
            for one, result in zip(asked, found, strict=True)
            if isinstance(result, exception.TooManyOperations)
        ]
        self.assertEqual(2, len(set(refused)))
        self.assertNotIn("a", refused)
        self.assertNotIn("f", refused)

    def test_a_webhook_that_comes_with_a_caller_is_not_refused(self):
        self.ask("a", "b", "c")
        told = deduplication.Announcement(None, 0)
        found = operations.submit_all(
            self.db, [request("d", most=3), request("d", announced=told)]
        )
        self.assertEqual(found[0].id, found[1].id)

    def test_many_at_once_are_a_few_too_many_at_most(self):
        ready = threading.Barrier(THREADS)

        def send(number):
            ready.wait(60)
            return [self.is_refused(f"image{number}-{n}") for n in range(12)]

        with futures.ThreadPoolExecutor(THREADS) as pool:
            results = [one for some in pool.map(send, range(THREADS))
                       for one in some]  # fmt: skip
        rows = operations.find(self.db, operations.Query())
        self.assertEqual(len(rows), results.count(False))
        self.assertTrue(3 <= len(rows) < 3 + THREADS, len(rows))
