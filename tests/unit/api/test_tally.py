# SPDX-License-Identifier: Apache-2.0
"""Numbers of webhooks, over a database."""

from reposync import exception
from reposync.api.webhooks import tally
from reposync.db.webhooks import tallies
from tests.fixtures import database
from tests.fixtures import wait
from tests.unit import base


class AwayDatabase:
    """One that may be away.

    :ivar away: how many transactions fail from now on
    """

    def __init__(self, db):
        self._db = db
        self.away = 0

    def write(self, work):
        if self.away:
            self.away -= 1
            raise exception.DatabaseUnavailable("away", retry_after=5)
        return self._db.write(work)


class TallyTest(base.TestCase):
    """What is counted now, or later."""

    def setUp(self):
        super().setUp()
        fixture = database.SqliteDatabase(self.conf, self.path)
        self.db = self.useFixture(fixture).db
        self.watched = AwayDatabase(self.db)
        self.tally = tally.Tally(self.watched)
        self.addCleanup(self.tally.close)

    def test_numbers_add_up_however_they_are_written(self):
        for _ in range(3):
            self.tally.add("a", "accepted")
            self.tally.add("a", "repeated")
            self.tally.write()
        self.tally.add("b", "accepted")
        self.tally.write()
        other = tally.Tally(self.db)
        self.addCleanup(other.close)
        other.add("b", "accepted")
        other.write()
        self.assertEqual(
            {("a", "accepted"): 3, ("a", "repeated"): 3, ("b", "accepted"): 2},
            self.settled(8),
        )

    def test_what_cannot_be_written_now_is_written_later(self):
        self.watched.away = 1
        self.tally.add("a", "accepted")
        self.tally.write()
        wait.until(lambda: not self.watched.away)
        self.tally.add("a", "accepted")
        self.assertEqual({("a", "accepted"): 2}, self.settled(2))

    def test_the_rest_is_written_at_the_end(self):
        for _ in range(5):
            self.tally.add("a", "accepted")
        self.tally.close()
        self.assertEqual({("a", "accepted"): 5}, tallies.read(self.db))

    def settled(self, number):
        """Give the numbers when there are so many."""
        wait.until(lambda: sum(tallies.read(self.db).values()) == number)
        return tallies.read(self.db)
