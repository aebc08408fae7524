# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is, on every kind of database."""

from concurrent import futures
import threading

import sqlalchemy as sa

from reposync.db import models
from reposync.db.queue import batches
from reposync.db.queue import deduplication
from reposync.db.queue import leases
from reposync.db.queue import operations
from tests.contract.operations import request
from tests.contract.operations import Rows
from tests.fixtures import wait

ANNOUNCED = deduplication.Announcement(None, 0)


class TurnsContract(Rows):
    """Tests; the class that uses them sets ``self.db``."""

    def put(self, *names, **values):
        """Ask for images, the first of which has waited the longest."""
        made = []
        for name in names:
            row = operations.submit(self.db, request(name, **values))
            made.append(row)
            self.change(row, not_before=row.not_before - 1000 + len(made))
        return made

    def change(self, row, **values):
        statement = (
            sa.update(models.Operation)
            .where(models.Operation.id == row.id)
            .values(**values)
        )
        self.db.write(lambda session: session.execute(statement))

    def take(self, number, last=""):
        """Claim as one worker does; give the operations in their order."""
        taken = []
        for _ in range(number):
            for operation_id, attempt in leases.candidates(self.db, 4, last):
                row = leases.claim(self.db, operation_id, attempt, "me", 60)
                if row:
                    taken.append(row)
                    last = row.lane
                    break
        return taken

    def taken(self, number, last=""):
        return [row.reference for row in self.take(number, last)]

    def test_projects_take_turns(self):
        self.put(*[f"a{n}" for n in range(9)], project_id="a")
        self.put(*[f"b{n}" for n in range(2)], project_id="b")
        self.put(*[f"c{n}" for n in range(3)], project_id="c")
        found = self.taken(14)
        self.assertEqual(
            [{"a0", "b0", "c0"}, {"a1", "b1", "c1"}, {"a2", "c2", "a3"}],
            [set(found[:3]), set(found[3:6]), set(found[6:9])],
        )
        self.assertEqual([f"a{n}" for n in range(4, 9)], found[9:])

    def test_one_who_comes_late_is_served_soon(self):
        self.put(*[f"a{n}" for n in range(9)], project_id="a")
        [*_, last] = self.take(5)
        self.put("b0", project_id="b")
        self.assertIn("b0", self.taken(2, last.lane))

    def test_each_way_of_asking_takes_turns(self):
        [parent] = self.put("all", kind="sync")
        self.put(*[f"part{n}" for n in range(9)], parent_id=parent.id)
        self.put(*[f"mine{n}" for n in range(9)])
        self.put(*[f"told{n}" for n in range(9)], announced=ANNOUNCED)
        self.put(
            *[f"open{n}" for n in range(9)],
            announced=ANNOUNCED,
            project_id=None,
        )
        found = self.taken(9)
        self.assertEqual(
            {"all", "part0", "mine0", "told0", "open0"}, set(found[:5])
        )
        self.assertEqual({"part1", "mine1", "told1", "open1"}, set(found[5:]))

    def test_who_asks_for_a_part_does_not_wait_for_the_others(self):
        [parent] = self.put("all", kind="sync")
        self.put(*[f"part{n}" for n in range(9)], parent_id=parent.id)
        self.put("mine")
        for values in ({}, {"announced": ANNOUNCED}):
            wanted = "part8" if values else "part7"
            row = operations.submit(self.db, request(wanted, **values))
            self.assertEqual((parent.id, 1), (row.parent_id, row.coalesced))
        # A webhook does not take away what a caller waits for.
        mine = request("mine", announced=ANNOUNCED)
        operations.submit(self.db, mine)
        self.assertEqual(
            {"all", "part0", "part1", "part7", "part8", "mine"},
            set(self.taken(6)),
        )

    def test_a_sync_does_not_take_away_what_a_caller_waits_for(self):
        [mine] = self.put("mine")
        [parent] = self.put("all", kind="sync", project_id="other")
        self.put(*[f"part{n}" for n in range(9)], parent_id=parent.id)
        operations.submit(self.db, request("mine", parent_id=parent.id))
        found = self.get(mine)
        self.assertEqual((parent.id, mine.lane), (found.parent_id, found.lane))

    def test_what_cannot_begin_is_passed_over(self):
        busy, later, gone, _ = self.put("busy", "later", "gone", "good")
        [other] = self.put("busy", project_id="b")
        self.claim(other)
        leases.give_back(self.db, self.claim(later), 3600)
        operations.cancel(self.db, gone.id)
        self.put("late", project_id="c")
        self.assertEqual({"good", "late"}, set(self.taken(5)))
        self.assertEqual("queued", self.get(busy).state)

    def test_whoever_waits_the_longest_is_first_in_its_lane(self):
        first, *_ = self.put("a", "b", "c")
        leases.give_back(self.db, self.claim(first), 0)
        self.assertEqual(["b", "c", "a"], self.taken(3))

    def test_what_the_dead_left_comes_first(self):
        self.put("a", "b", project_id="a")
        self.put("c", project_id="c")
        [dead] = self.put("d", project_id="b")
        self.claim(dead, seconds=0)
        wait.until(lambda: leases.candidates(self.db, 9)[0][0] == dead.id)
        self.assertEqual("d", self.taken(1)[0])

    def test_parts_of_a_sync_that_waits_for_them_go_on(self):
        [parent] = self.put("all", kind="sync")
        lease = self.claim(parent)
        self.put("x", "y", parent_id=parent.id)
        batches.leave_to_children(self.db, lease)
        self.assertEqual(["x", "y"], self.taken(3))

    def test_several_conductors_take_each_operation_once(self):
        for project in "abc":
            self.put(*[f"{project}{n}" for n in range(8)], project_id=project)
        ready = threading.Barrier(4)

        def work(number):
            ready.wait(60)
            taken, last, misses = [], f"{number * 4:x}" * 32, 0
            # A look may come to nothing while others are quicker.
            while misses < 20:
                rows = self.take(1, last)
                taken += rows
                last = rows[0].lane if rows else last
                misses = 0 if rows else misses + 1
            return taken

        with futures.ThreadPoolExecutor(4) as pool:
            taken = list(pool.map(work, range(4)))
        found = [row.id for rows in taken for row in rows]
        self.assertEqual((24, 24), (len(found), len(set(found))))
