# SPDX-License-Identifier: Apache-2.0
"""What every driver must do that can remove what a dead attempt began."""

from reposync import exception
from tests.fixtures import memory

UNKNOWN = "6f0f4ca2-0000-4000-8000-000000000000"


class DiscardContract:
    """More tests for a class that has `driver.DriverContract`."""

    def test_what_is_begun_is_announced_before(self):
        commit = memory.Commit(self.committed.append)
        seen = []
        self.source.on_piece = lambda number: seen.extend(commit.begun)
        image, _ = self.update(b"one", commit=commit)
        self.assertEqual([image.id], commit.begun)
        self.assertEqual(image.id, seen[0])

    def test_what_is_begun_can_be_removed_from_under_a_writer(self):
        old, _ = self.update(b"one")
        commit = memory.Commit(self.committed.append)
        found = []

        def discard(number):
            if number == 1:
                found.append(self.driver.discard(commit.begun[0]))

        self.source.on_piece = discard
        self.assertRaises(
            exception.CatalogueError, self.update, b"two", commit=commit
        )
        self.assertEqual([True], found)
        self.assertEqual(old.id, self.current().id)
        self.assertEqual(0, self.left_overs())

    def test_what_was_shown_is_not_removed(self):
        first, _ = self.update(b"one")
        self.driver = self.make_driver(keep_previous=1)
        second, _ = self.update(b"two")
        for image in (first, second):
            self.assertTrue(self.driver.discard(image.id))
            self.assertEqual(image.id, self.driver.image(image.id).id)

    def test_what_is_not_there_may_still_come(self):
        for image_id in (UNKNOWN, "../../etc", ""):
            self.assertFalse(self.driver.discard(image_id))

    def test_predecessors_stay_when_the_work_is_not_ours_any_more(self):
        old, _ = self.update(b"one")
        commit = memory.Commit(self.committed.append)
        commit.check_raises = exception.LeaseLost("not ours")
        self.assertRaises(
            exception.LeaseLost, self.update, b"two", commit=commit
        )
        self.assertEqual(old.id, self.driver.image(old.id).id)
