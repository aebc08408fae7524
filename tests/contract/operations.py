# SPDX-License-Identifier: Apache-2.0
"""What the table of operations must do on every kind of database."""

import concurrent.futures

from reposync import exception
from reposync.db import migration
from reposync.db.queue import batches
from reposync.db.queue import intents
from reposync.db.queue import leases
from reposync.db.queue import operations
from reposync.db.queue import waiting
from tests.fixtures import wait


def request(image="busybox:latest", **kwargs):
    """Ask for a pull of an image in the project p."""
    values = {
        "kind": "pull",
        "image_key": image.ljust(64, "k")[:64],
        "reference": image,
        "project_id": "p",
    }
    return operations.Request(**values | kwargs)


class Rows:
    """How tests handle operations; who uses it sets ``self.db``."""

    def claim(self, operation, owner="host:1", seconds=30):
        taken = leases.claim(
            self.db, operation.id, operation.attempt, owner, seconds
        )
        return taken and leases.Lease(taken.id, owner, taken.attempt)

    def get(self, operation):
        return operations.get(self.db, operation.id)


class OperationsContract(Rows):
    """Tests; the class that uses them sets ``self.db``."""

    def test_tables_are_at_the_newest_revision(self):
        self.assertEqual(migration.newest(), migration.version(self.db))

    def test_migration_makes_the_tables_of_the_models(self):
        self.assertEqual([], migration.differences(self.db))

    def test_identical_requests_meet_in_the_waiting_operation(self):
        first = operations.submit(self.db, request())
        second = operations.submit(self.db, request())
        self.assertEqual(first.id, second.id)
        self.assertEqual(1, second.coalesced)
        self.assertEqual(1, len(operations.find(self.db, operations.Query())))

    def test_a_storm_of_identical_requests_makes_one_row(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            found = set(
                pool.map(
                    lambda _: operations.submit(self.db, request()).id,
                    range(40),
                )
            )
        self.assertEqual(1, len(found))
        self.assertEqual(39, operations.get(self.db, found.pop()).coalesced)

    def test_projects_do_not_meet(self):
        first = operations.submit(self.db, request())
        second = operations.submit(self.db, request(project_id="other"))
        self.assertNotEqual(first.id, second.id)

    def test_a_running_operation_is_not_joined(self):
        first = operations.submit(self.db, request())
        self.claim(first)
        second = operations.submit(self.db, request())
        self.assertNotEqual(first.id, second.id)

    def test_one_of_many_claims_wins(self):
        operation = operations.submit(self.db, request())
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            won = list(
                pool.map(
                    lambda n: self.claim(operation, f"host:{n}"), range(16)
                )
            )
        self.assertEqual(1, len(list(filter(None, won))))

    def test_one_image_is_in_one_pair_of_hands(self):
        first = operations.submit(self.db, request())
        lease = self.claim(first)
        second = operations.submit(self.db, request(project_id="other"))
        self.assertEqual([], leases.candidates(self.db, 9))
        self.assertIsNone(self.claim(second))
        leases.finish(self.db, lease, "succeeded", outcome="created")
        self.assertEqual([(second.id, 0)], leases.candidates(self.db, 9))
        self.assertIsNotNone(self.claim(second))

    def test_a_lease_that_ran_out_is_taken_over_and_fences(self):
        operation = operations.submit(self.db, request())
        dead = self.claim(operation, "dead", seconds=0)
        found = wait.until(lambda: leases.candidates(self.db, 9))
        self.assertEqual([(operation.id, 1)], found)
        alive = self.claim(self.get(operation), "alive")
        self.assertEqual(2, alive.attempt)
        for write in (
            lambda: leases.extend(self.db, dead, 30),
            lambda: leases.finish(self.db, dead, "succeeded"),
            lambda: leases.give_back(self.db, dead, 0),
            lambda: batches.leave_to_children(self.db, dead),
        ):
            self.assertRaises(exception.LeaseLost, write)
        leases.finish(self.db, alive, "succeeded", outcome="unchanged")
        self.assertEqual("succeeded", self.get(operation).state)

    def test_a_live_lease_is_not_taken_over(self):
        operation = operations.submit(self.db, request())
        self.claim(operation)
        self.assertIsNone(self.claim(self.get(operation), "other"))

    def test_progress_and_times_are_kept(self):
        operation = operations.submit(self.db, request())
        lease = self.claim(operation)
        big = 3 * 2**40
        self.assertFalse(
            leases.extend(self.db, lease, 30, ("copying", big, big + 1))
        )
        found = self.get(operation)
        self.assertEqual(
            ("copying", big, big + 1),
            (found.phase, found.bytes_done, found.bytes_total),
        )
        leases.finish(self.db, lease, "succeeded", image={"id": "i", "n": "ü"})
        found = self.get(operation)
        self.assertEqual({"id": "i", "n": "ü"}, found.image)
        self.assertLessEqual(found.created_at, found.started_at)
        self.assertLessEqual(found.started_at, found.finished_at)
        self.assertLess(found.finished_at - found.created_at, 60_000)

    def test_given_back_waits_for_its_time(self):
        operation = operations.submit(self.db, request())
        lease = self.claim(operation)
        error = exception.SourceUnavailable("The engine is away")
        leases.give_back(self.db, lease, 3600, error=error)
        found = self.get(operation)
        self.assertEqual(
            ("queued", "source_unavailable", 1),
            (found.state, found.error_code, found.attempt),
        )
        self.assertEqual([], leases.candidates(self.db, 9))
        joined = operations.submit(self.db, request())
        self.assertEqual(operation.id, joined.id)

    def test_what_waits_for_its_time_is_joined_meanwhile(self):
        waits = operations.submit(self.db, request())
        leases.give_back(self.db, self.claim(waits), 60)
        self.assertEqual([], leases.candidates(self.db, 10))
        pause = waiting.seconds_to_next(self.db, 100)
        self.assertTrue(50 < pause <= 60, pause)
        self.assertEqual(5, waiting.seconds_to_next(self.db, 5))
        joined = operations.submit(self.db, request())
        self.assertEqual((waits.id, 1), (joined.id, joined.coalesced))

    def test_only_what_will_begin_later_is_waited_for(self):
        self.assertEqual(7, waiting.seconds_to_next(self.db, 7))
        operations.submit(self.db, request())
        self.assertEqual(7, waiting.seconds_to_next(self.db, 7))

    def test_given_back_beside_a_follow_up_keeps_both(self):
        first = operations.submit(self.db, request())
        lease = self.claim(first)
        second = operations.submit(self.db, request())
        leases.give_back(self.db, lease, 0, count=False)
        found = {row[0] for row in leases.candidates(self.db, 9)}
        self.assertEqual({first.id, second.id}, found)
        self.assertEqual(0, self.get(first).attempt)

    def test_another_project_finds_nothing(self):
        operation = operations.submit(self.db, request())
        for call in (operations.get, operations.cancel):
            self.assertRaises(
                exception.OperationNotFound,
                call,
                self.db,
                operation.id,
                "other",
            )
        self.assertEqual("queued", self.get(operation).state)

    def test_lists_are_newest_first_and_paged(self):
        made = [
            operations.submit(self.db, request(f"image{n}")).id
            for n in range(7)
        ]
        seen, marker = [], None
        while True:
            query = operations.Query(project_id="p", limit=3, marker=marker)
            page = operations.find(self.db, query)
            if not page:
                break
            seen += [row.id for row in page]
            marker = page[-1].id
        self.assertEqual(sorted(made), sorted(seen))
        times = [operations.get(self.db, id_).created_at for id_ in seen]
        self.assertEqual(sorted(times, reverse=True), times)

    def test_lists_are_filtered(self):
        first = operations.submit(self.db, request("a"))
        operations.submit(self.db, request("b", kind="delete"))
        operations.submit(self.db, request("a", project_id="other"))
        for query, number in (
            (operations.Query(), 3),
            (operations.Query(project_id="p"), 2),
            (operations.Query(kind="pull", project_id="p"), 1),
            (operations.Query(reference="a"), 2),
            (operations.Query(state="running"), 0),
            (operations.Query(parent_id=first.id), 0),
        ):
            found = operations.find(self.db, query)
            self.assertEqual(number, len(found), query)

    def test_owned_lists_by_prefix(self):
        operation = operations.submit(self.db, request())
        lease = self.claim(operation, "ho_t:1:worker")
        self.assertEqual([lease], leases.owned(self.db, "ho_t:1"))
        self.assertEqual([], leases.owned(self.db, "host:1"))

    def test_traces_of_the_dead_and_of_the_living(self):
        operation = operations.submit(self.db, request())
        dead = self.claim(operation, "dead", seconds=0)
        intents.add(self.db, dead, intents.CATALOGUE, "one")
        intents.add(self.db, dead, "docker", "two", "here")
        wait.until(lambda: leases.candidates(self.db, 9))
        # Nobody has taken it over: whoever does looks after them.
        self.assertEqual([], intents.of_dead(self.db, "here", 9))
        alive = self.claim(self.get(operation), "alive")
        intents.add(self.db, alive, intents.CATALOGUE, "three")
        self.assertRaises(
            exception.LeaseLost, intents.add, self.db, dead, "docker", "four"
        )
        for host, names in (("here", {"one", "two"}), ("there", {"one"})):
            found = intents.of_others(self.db, alive, host)
            self.assertEqual(names, {trace.name for trace in found})
        [own] = intents.of_attempt(self.db, alive)
        self.assertEqual("three", own.name)
        intents.forget(self.db, own, 3600)
        self.assertEqual([], intents.of_dead(self.db, "here", 9))
        leases.finish(self.db, alive, "succeeded")
        found = intents.of_dead(self.db, "here", 9)
        self.assertEqual(
            {"one", "two", "three"}, {trace.name for trace in found}
        )
        page = intents.of_dead(self.db, "here", 2)
        [last] = intents.of_dead(self.db, "here", 2, page[-1].id)
        self.assertEqual(found[2].id, last.id)
        intents.forget(self.db, own)
        self.assertEqual(2, len(intents.of_dead(self.db, "here", 9)))
