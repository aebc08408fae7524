# SPDX-License-Identifier: Apache-2.0
"""Synchronisations over a real table, a source and a driver in memory."""

from reposync import exception
from reposync import keys
from reposync.db.queue import operations
from tests.unit.conductor import base


class SyncTest(base.ConductorTestCase):
    """What becomes of the list of repositories."""

    def test_sync_does_all_it_can(self):
        self.start()
        self.source.push("busybox:latest", b"one")
        self.source.push("debian:12", b"two")
        self.list.write_text(
            "# all\nbusybox\nNOT A NAME\n\ndebian:12\nmissing\nteam/*\n"
        )
        operation = self.other("sync", keys.sync_key(self.conf))
        ended = self.ended(operation)
        self.assertEqual(
            ("failed", "2 of 4 images failed"),
            (ended.state, ended.error_message),
        )
        tally = operations.counts(self.db, [operation.id])[operation.id]
        self.assertEqual((2, 2), (tally["created"], tally["failed"]))
        parts = operations.find(
            self.db, operations.Query(parent_id=operation.id)
        )
        bad = next(row for row in parts if row.reference == "NOT A NAME")
        self.assertIn("Line 3 of", bad.error_message)

    def test_sync_leaves_alone_what_did_not_change(self):
        self.start()
        names = [f"image{number}" for number in range(30)]
        self.list.write_text("\n".join(names))
        for name in names:
            self.source.push(f"{name}:latest", name.encode())
        self.sync()
        self.source.push("image7:latest", b"other")
        opened, listed = self.source.opened, self.driver.listed
        ended = self.sync()
        self.assertEqual("succeeded", ended.state)
        self.assertEqual(opened + 1, self.source.opened)
        self.assertEqual(listed + 1, self.driver.listed)
        tally = operations.counts(self.db, [ended.id])[ended.id]
        self.assertEqual(
            (30, 29, 1), (tally["total"], tally["unchanged"], tally["updated"])
        )
        [part, *_] = operations.finished_children(self.db, ended.id, 0)
        self.assertTrue(part.image["id"])

    def test_sync_asks_a_registry_in_trouble_once(self):
        self.start()
        self.list.write_text("\n".join(f"i{number}" for number in range(30)))
        self.source.failures = [exception.SourceUnavailable("away")] * 8
        ended = self.sync()
        tally = operations.counts(self.db, [ended.id])[ended.id]
        self.assertEqual((30, 30), (tally["total"], tally["failed"]))
        # The threads that asked at the same time, and each part by itself.
        self.assertLessEqual(self.source.asked, 8 + 30)

    def test_sync_without_a_list_fails(self):
        self.start()
        ended = self.ended(self.other("sync", keys.sync_key(self.conf)))
        self.assertEqual(
            ("failed", "repositories_unreadable"),
            (ended.state, ended.error_code),
        )

    def test_an_empty_sync_succeeds(self):
        self.list.write_text("# nothing\n")
        self.start()
        ended = self.ended(self.other("sync", keys.sync_key(self.conf)))
        self.assertEqual("succeeded", ended.state)
