# SPDX-License-Identifier: Apache-2.0
"""How identical requests meet, on every kind of database."""

import concurrent.futures

from reposync.db.queue import deduplication
from reposync.db.queue import leases
from reposync.db.queue import operations
from tests.contract.operations import request


class JoiningContract:
    """Tests; the class that uses them sets ``self.db``."""

    def test_several_at_once_are_answered_in_their_order(self):
        waiting = operations.submit(self.db, request("b"))
        names = ["c", "b", "a", "c", "c"]
        found = operations.submit_all(self.db, [request(n) for n in names])
        self.assertEqual(names, [row.reference for row in found])
        self.assertEqual(waiting.id, found[1].id)
        counts = {row.reference: row.coalesced for row in found}
        self.assertEqual({"a": 0, "b": 1, "c": 2}, counts)
        self.assertEqual(counts, self.coalesced())

    def test_several_at_once_do_not_join_what_is_claimed(self):
        first = operations.submit(self.db, request("a"))
        leases.claim(self.db, first.id, 0, "host:1", 30)
        found = operations.submit_all(self.db, [request("a"), request("b")])
        self.assertNotIn(first.id, [row.id for row in found])

    def test_one_of_several_brings_a_parent(self):
        parent = operations.submit(self.db, request("all", kind="sync"))
        mine = request("a", parent_id=parent.id)
        operations.submit(self.db, request("a"))
        for group in ([request("a"), mine], [request("b"), mine]):
            operations.submit_all(self.db, group)
        query = operations.Query(parent_id=parent.id)
        [part] = operations.find(self.db, query)
        self.assertEqual(("a", 3), (part.reference, part.coalesced))

    def test_the_newest_announcement_counts(self):
        def told(digest, seconds):
            return deduplication.Announcement(digest, seconds)

        row = operations.submit(
            self.db, request("a", announced=told("sha256:1", 10))
        )
        self.assertEqual(
            ("sha256:1", row.created_at + 10_000),
            (row.announced_digest, row.settle_until),
        )
        for announced, digest, longest in (
            # A caller knows nothing of it; another webhook may tell less.
            ((None,), "sha256:1", 10),
            ((told("sha256:2", 500),), "sha256:2", 500),
            ((told("sha256:3", 9), told("sha256:4", 600)), "sha256:4", 600),
            ((told("sha256:5", 9), told(None, 700)), "sha256:5", 700),
            ((told(None, 800),), "sha256:5", 800),
        ):
            [*_, found] = operations.submit_all(
                self.db, [request("a", announced=one) for one in announced]
            )
            self.assertEqual(row.id, found.id)
            self.assertEqual(digest, found.announced_digest)
            seconds = (found.settle_until - row.created_at) / 1000
            self.assertTrue(longest <= seconds < longest + 60, seconds)
        plain = operations.submit(self.db, request("b"))
        self.assertEqual(
            (None, None), (plain.announced_digest, plain.settle_until)
        )

    def test_storms_that_cross_lose_nothing(self):
        names = [f"image{number}" for number in range(12)]
        groups = [names[turn:] + names[:turn] for turn in range(12)] * 2

        def send(group):
            asked = [request(name) for name in group]
            rows = operations.submit_all(self.db, asked)
            self.assertEqual(group, [row.reference for row in rows])

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            list(pool.map(send, groups))
        self.assertEqual(dict.fromkeys(names, 23), self.coalesced())

    def coalesced(self):
        rows = operations.find(self.db, operations.Query())
        self.assertEqual(len(rows), len({row.reference for row in rows}))
        return {row.reference: row.coalesced for row in rows}
