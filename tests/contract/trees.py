# SPDX-License-Identifier: Apache-2.0
"""Synchronisations and their parts, on every kind of database."""

import dataclasses

from reposync import exception
from reposync.db.queue import batches
from reposync.db.queue import leases
from reposync.db.queue import operations
from tests.contract.operations import request
from tests.contract.operations import Rows


class TreesContract(Rows):
    """Tests; the class that uses them sets ``self.db``."""

    def test_a_sync_ends_with_its_last_part(self):
        parent, _, parts = self.begin_sync("a", "b", "c")
        self.assertEqual([], batches.settle(self.db))
        for part, outcome in (
            (parts[0], "created"),
            (parts[1], "unchanged"),
        ):
            leases.finish(
                self.db, self.claim(part), "succeeded", outcome=outcome
            )
        self.assertEqual([], batches.settle(self.db))
        error = exception.ReferenceNotFound("c is unknown")
        leases.finish(self.db, self.claim(parts[2]), "failed", error=error)
        self.assertEqual([parent.id], batches.settle(self.db))
        found = self.get(parent)
        self.assertEqual(
            ("failed", "children_failed", "1 of 3 images failed", None),
            (
                found.state,
                found.error_code,
                found.error_message,
                found.running_key,
            ),
        )
        tally = operations.counts(self.db, [parent.id])[parent.id]
        self.assertEqual(
            {"created": 1, "unchanged": 1, "failed": 1, "total": 3},
            {word: number for word, number in tally.items() if number},
        )
        ended = operations.finished_children(self.db, parent.id, 0)
        self.assertEqual({"a", "b", "c"}, {row.reference for row in ended})

    def test_a_sync_that_waits_is_not_claimed_and_blocks_the_next(self):
        parent, _, _ = self.begin_sync("a")
        following = operations.submit(self.db, self.sync_request())
        self.assertNotEqual(parent.id, following.id)
        found = {row[0] for row in leases.candidates(self.db, 9)}
        self.assertNotIn(parent.id, found)
        self.assertNotIn(following.id, found)

    def test_a_sync_adopts_the_waiting_pull(self):
        waiting = operations.submit(self.db, request("a"))
        _, _, parts = self.begin_sync("a")
        self.assertEqual([waiting.id], [part.id for part in parts])

    def test_cancelling_a_sync_cancels_its_parts(self):
        parent, _, parts = self.begin_sync("a", "b")
        running = self.claim(parts[0])
        operations.cancel(self.db, parent.id, "p")
        self.assertEqual("cancelled", self.get(parts[1]).state)
        self.assertTrue(leases.extend(self.db, running, 30))
        leases.finish(self.db, running, "cancelled")
        batches.settle(self.db)
        self.assertEqual("cancelled", self.get(parent).state)

    def test_a_part_that_failed_before_it_began(self):
        parent, _, _ = self.begin_sync()
        error = exception.InvalidReference("line 3")
        bad = dataclasses.replace(request("B A D"), parent_id=parent.id)
        batches.add_failed(self.db, bad, error)
        self.assertEqual({"B A D"}, batches.children(self.db, parent.id))
        batches.settle(self.db)
        self.assertEqual("failed", self.get(parent).state)

    def sync_request(self):
        return request("all", kind="sync", reference=None)

    def begin_sync(self, *names):
        parent = operations.submit(self.db, self.sync_request())
        lease = self.claim(parent)
        parts = [
            operations.submit(self.db, request(name, parent_id=parent.id))
            for name in names
        ]
        batches.leave_to_children(self.db, lease)
        return parent, lease, parts
