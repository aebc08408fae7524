# SPDX-License-Identifier: Apache-2.0
"""Workers over a real table, a source and a driver in memory."""

import threading

from reposync import exception
from reposync import keys
from reposync import plugins
from reposync import reference as ref
from reposync.conductor import sources as conductor_sources
from reposync.db.queue import leases
from reposync.db.queue import operations
from tests.fixtures import memory
from tests.fixtures import wait
from tests.unit.conductor import base


class ManagerTest(base.ConductorTestCase):
    """What becomes of an operation."""

    def test_a_pull_creates_keeps_and_updates(self):
        self.start()
        outcomes = []
        for content in (b"one", b"one", b"other"):
            self.source.push("busybox:latest", content)
            operation = self.pull("busybox")
            outcomes.append(self.ended(operation).outcome)
        self.assertEqual(["created", "unchanged", "updated"], outcomes)
        self.assertEqual(2, self.source.opened)
        image = self.ended(operation).image
        self.assertEqual("busybox", image["docker_name"])
        self.assertEqual(image["id"], self.ended(operation).image_id)

    def test_a_lost_nudge_costs_only_time(self):
        self.start()
        self.source.push("busybox:latest", b"one")
        operation = self.pull("busybox", nudge=False)
        self.assertEqual("created", self.ended(operation).outcome)

    def test_an_unknown_image_fails_at_once(self):
        self.start()
        ended = self.ended(self.pull("nothing"))
        self.assertEqual(
            ("failed", "reference_not_found", 1),
            (ended.state, ended.error_code, ended.attempt),
        )

    def test_an_outage_is_tried_again(self):
        self.start()
        self.source.push("busybox:latest", b"one")
        self.source.failures = [exception.SourceUnavailable("away")]
        ended = self.ended(self.pull("busybox"))
        self.assertEqual(
            ("succeeded", 2, None),
            (ended.state, ended.attempt, ended.error_code),
        )

    def test_attempts_are_finite(self):
        self.config(max_attempts=2, group="conductor")
        self.start()
        self.source.failures = [exception.SourceUnavailable("away")] * 9
        ended = self.ended(self.pull("busybox"))
        self.assertEqual(
            ("failed", "source_unavailable", 2),
            (ended.state, ended.error_code, ended.attempt),
        )

    def test_a_registry_may_name_the_time(self):
        self.start()
        limit = exception.RateLimited("slow down", retry_after=1800)
        self.source.failures = [limit]
        operation = self.pull("busybox")
        wait.until(lambda: self.get(operation).error_code, "the refusal")
        found = self.get(operation)
        self.assertEqual(
            ("queued", "rate_limited"), (found.state, found.error_code)
        )
        self.assertGreater(found.not_before - found.updated_at, 1_790_000)

    def test_an_unforeseen_error_shows_no_detail(self):
        self.config(max_attempts=1, group="conductor")
        self.start()
        self.source.failures = [RuntimeError("password=hunter2")]
        ended = self.ended(self.pull("busybox"))
        self.assertEqual("internal_error", ended.error_code)
        self.assertNotIn("hunter2", ended.error_message)

    def test_what_killed_its_conductors_is_given_up(self):
        self.config(max_attempts=2, group="conductor")
        operation = self.pull("busybox")
        for attempt in range(2):
            leases.claim(self.db, operation.id, attempt, f"d{attempt}", 0)
            wait.until(lambda: leases.candidates(self.db, 1))
        self.source.push("busybox:latest", b"one")
        self.start()
        ended = self.ended(operation)
        self.assertEqual(
            ("failed", "too_many_attempts"), (ended.state, ended.error_code)
        )

    def test_one_image_is_copied_once_at_a_time(self):
        self.start()
        self.source.push("busybox:latest", b"x" * 50)
        made = [self.pull("busybox", f"project{n}") for n in range(4)]
        outcomes = sorted(self.ended(each).outcome for each in made)
        self.assertEqual(["created"] + ["unchanged"] * 3, outcomes)
        self.assertEqual(1, self.driver.most_at_once)

    def test_progress_is_seen_and_cancel_stops_a_copy(self):
        self.start()
        self.source.push("busybox:latest", b"x" * 100)
        stopped = threading.Event()
        self.addCleanup(stopped.set)
        self.source.on_piece = lambda n: n < 50 or stopped.wait(0.01)
        self.source.push("busybox:latest", b"x" * 100_000)
        operation = self.pull("busybox")
        wait.until(lambda: self.get(operation).bytes_done > 0, "progress")
        self.assertEqual("copying", self.get(operation).phase)
        self.assertEqual(100_000, self.get(operation).bytes_total)
        operations.cancel(self.db, operation.id)
        ended = self.ended(operation)
        self.assertEqual("cancelled", ended.state)
        self.assertEqual({}, self.driver.kept)

    def test_stopping_hands_running_work_back(self):
        conductor = self.start()
        reached = threading.Event()
        release = threading.Event()
        self.addCleanup(release.set)

        def hold(number):
            reached.set()
            release.wait(0.01)

        self.source.on_piece = hold
        self.source.push("busybox:latest", b"x" * 100_000)
        operation = self.pull("busybox")
        self.assertTrue(reached.wait(20))
        conductor.manager.stop(0)
        found = self.get(operation)
        self.assertEqual(
            ("queued", 0, None, None),
            (found.state, found.attempt, found.owner, found.running_key),
        )
        self.assertEqual({}, self.driver.kept)

    def test_delete(self):
        self.start()
        self.source.push("busybox:latest", b"one")
        image_id = self.ended(self.pull("busybox")).image_id
        key = keys.delete_key(self.conf, image_id)
        for state, code in (
            ("succeeded", None),
            ("failed", "image_not_found"),
        ):
            ended = self.ended(self.other("delete", key, image_id))
            self.assertEqual((state, code), (ended.state, ended.error_code))
        self.assertEqual({}, self.driver.kept)

    def test_a_line_of_the_list_chooses_the_source(self):
        self.start()
        self.list.write_text("near source=memory\nnear:1 source=none\nfar")
        chosen = []
        other = memory.MemorySource(self.conf)
        other.push("near:latest", b"near")

        def load(conf, name):
            chosen.append(name)
            if name == "none":
                raise plugins.UnknownPlugin("Installed are: docker")
            return other

        usual = conductor_sources.Sources(self.conf, load)
        for name in ("near", "near:2", "far"):
            usual.of(ref.Reference.parse(name))
        self.assertEqual(["docker", "memory"], chosen)
        self.list.write_text("near:1 source=none")
        error = self.assertRaises(
            exception.SourceError, usual.of, ref.Reference.parse("near:1")
        )
        self.assertIn("Installed are: docker", error.message)
