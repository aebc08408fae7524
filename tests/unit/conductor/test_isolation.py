# SPDX-License-Identifier: Apache-2.0
"""What goes wrong with one image, or one operation, stays with it."""

import os
import time

import fixtures
import urllib3

from reposync import exception
from reposync import keys
from reposync import reference as ref
from reposync.conductor import job as conductor_job
from reposync.conductor import sources as conductor_sources
from reposync.conductor import troubles
from reposync.db.queue import batches
from reposync.db.queue import leases
from reposync.db.queue import operations
from tests.contract import operations as contract
from tests.fixtures import memory
from tests.fixtures import wait
from tests.unit.conductor import base


class Picky(memory.MemorySource):
    """Fails for some images.

    :ivar broken: what to raise, by a word of the image's name
    """

    def __init__(self, conf):
        super().__init__(conf)
        self.broken: dict[str, Exception] = {}

    def resolve(self, reference, platform):
        for word, error in self.broken.items():
            if word in str(reference):
                self.asked += 1
                raise error
        return super().resolve(reference, platform)


class SyncTest(base.ConductorTestCase):
    """Synchronisations with trouble among their images."""

    def setUp(self):
        super().setUp()
        self.source = Picky(self.conf)
        self.config(max_attempts=2, group="conductor")

    def parts(self, lines):
        self.list.write_text("\n".join(lines))
        for line in lines:
            self.source.push(f"{line.split()[0]}:latest", line.encode())
        self.start()
        ended = self.sync()
        found = operations.find(self.db, operations.Query(parent_id=ended.id))
        return {part.reference: part for part in found}

    def test_what_nobody_foresaw_stays_with_its_image(self):
        for error in (ValueError("odd"), RecursionError(), KeyError("x")):
            self.source.broken = {"bad": error}
            parts = self.parts(["one", "bad", "r.example.org/two"])
            states = {name: part.state for name, part in parts.items()}
            self.assertEqual(
                {
                    "one:latest": "succeeded",
                    "bad:latest": "failed",
                    "r.example.org/two:latest": "succeeded",
                },
                states,
            )

    def test_one_broken_repository_does_not_stop_its_registry(self):
        self.source.broken = {"bad": exception.SourceUnavailable("500")}
        names = [f"i{number}" for number in range(10)]
        parts = self.parts(["bad", *names])
        failed = [n for n, part in parts.items() if part.state == "failed"]
        self.assertEqual(["bad:latest"], failed)
        asked = self.source.asked
        self.sync()
        # One question for each, and no second one by an operation.
        self.assertEqual(asked + 10 + 1 + 2, self.source.asked)

    def test_a_name_that_no_row_takes(self):
        # Longer than the column; PostgreSQL would refuse it.
        def refuse(db, request):
            if "odd" in (request.reference or ""):
                raise ValueError("value too long")
            return submit(db, request)

        submit = operations.submit
        self.useFixture(
            fixtures.MonkeyPatch(f"{operations.__name__}.submit", refuse)
        )
        self.list.write_text("one\nodd\n\x00\x1b[31mNUL\n")
        self.source.push("one:latest", b"one")
        self.start()
        key = keys.sync_key(self.conf)
        request = operations.Request("sync", key, project_id="p")
        ended = self.ended(submit(self.db, request))
        parts = operations.find(self.db, operations.Query(parent_id=ended.id))
        self.assertEqual(
            {"one:latest": "succeeded", "odd:latest": "failed"},
            {p.reference: p.state for p in parts if "NUL" not in p.reference},
        )
        self.assertEqual(3, len(parts))
        self.assertTrue(all(part.reference.isprintable() for part in parts))

    def test_parts_that_cannot_be_written_together(self):
        def refuse(db, parts):
            if parts:
                raise ValueError("one of them is odd")

        self.parts(["one", "two"])
        self.useFixture(
            fixtures.MonkeyPatch(f"{batches.__name__}.add_unchanged", refuse)
        )
        ended = self.sync()
        self.assertEqual("succeeded", ended.state)
        tally = operations.counts(self.db, [ended.id])[ended.id]
        self.assertEqual(2, tally["unchanged"])

    def test_an_unreached_registry_is_tried_by_one_for_all(self):
        cause = urllib3.exceptions.NewConnectionError(None, "refused")
        away = exception.SourceUnavailable("away.example.org: refused")
        away.__cause__ = cause
        self.source.broken = {"away": away}
        names = [f"away.example.org/i{number}" for number in range(30)]
        parts = self.parts([*names, "near"])
        self.assertEqual("succeeded", parts.pop("near:latest").state)
        said = {(part.state, part.error_message) for part in parts.values()}
        self.assertEqual({("failed", "away.example.org: refused")}, said)
        self.assertLess(self.source.asked, 15)

    def test_a_list_that_vanishes_during_a_synchronisation(self):
        other = memory.MemorySource(self.conf)
        other.push("near:latest", b"near")
        self.list.write_text("near source=other\nfar")
        chosen = conductor_sources.Sources(
            self.conf,
            lambda conf, name: other if name == "other" else self.source,
        )
        near = ref.Reference.parse("near")
        fresh = conductor_sources.Sources(self.conf, lambda *_: self.source)
        self.assertIs(other, chosen.of(near))
        os.unlink(self.list)
        self.assertIs(other, chosen.of(near))
        self.assertIn("The list of repositories is away", self.log.output)
        # Where it was never read, nobody knows the source.
        self.assertRaises(
            exception.RepositoriesUnreadable, fresh.of, near, from_list=True
        )
        self.assertIs(self.source, fresh.of(near))
        self.list.mkdir()
        self.assertRaises(exception.RepositoriesUnreadable, fresh.of, near)


class TroublesTest(base.ConductorTestCase):
    """What is remembered of a registry, and for how long."""

    def setUp(self):
        super().setUp()
        self.troubles = troubles.Troubles(self.conf)
        self.asked = 0

    def ask(self, error=None):
        with self.troubles.watched("r.example.org"):
            self.asked += 1
            if error:
                raise error

    def unreached(self):
        error = exception.SourceUnavailable("no route")
        error.__cause__ = urllib3.exceptions.ProxyError(
            "no", urllib3.exceptions.ConnectTimeoutError()
        )
        return error

    def test_the_others_go_on_when_one_got_through(self):
        self.assertRaises(
            exception.SourceUnavailable, self.ask, self.unreached()
        )
        error = self.assertRaises(exception.SourceUnavailable, self.ask)
        self.assertEqual((1, "no route"), (self.asked, error.message))
        self.assertGreater(error.retry_after, 0)
        wait.until(self.answers, "one that is let through")
        asked = self.asked
        self.ask()
        self.assertEqual(asked + 1, self.asked)

    def answers(self):
        try:
            self.ask()
        except exception.SourceUnavailable:
            return False
        return True

    def test_registries_that_nobody_asks_for_are_forgotten(self):
        def broken(name):
            with self.troubles.watched(name):
                raise self.unreached()

        for number in range(3000):
            self.assertRaises(
                exception.SourceUnavailable, broken, f"r{number}.example.org"
            )
        self.assertEqual(1000, len(self.troubles._known))

    def test_an_answer_is_about_one_image(self):
        for error in (
            exception.SourceUnavailable("502"),
            exception.RegistryDenied("401"),
            exception.RateLimited("429"),
        ):
            for _ in range(3):
                self.assertRaises(type(error), self.ask, error)
        self.assertEqual(9, self.asked)


class AgeTest(base.ConductorTestCase):
    """No operation lives for ever."""

    def test_a_registry_that_always_asks_to_wait(self):
        self.config(max_age=2, group="conductor")
        self.start()
        limit = exception.RateLimited("slow down", retry_after=1)
        self.source.failures = [limit] * 50
        begun = time.monotonic()
        ended = self.ended(self.pull("busybox"))
        self.assertEqual(
            ("failed", "too_many_attempts"), (ended.state, ended.error_code)
        )
        self.assertIn("slow down", ended.error_message)
        self.assertLess(time.monotonic() - begun, 20)

    def test_a_wait_beyond_the_end_is_not_begun(self):
        self.config(max_age=3600, group="conductor")
        self.start()
        limit = exception.RateLimited("in two hours", retry_after=7200)
        self.source.failures = [limit]
        ended = self.ended(self.pull("busybox"))
        self.assertEqual("too_many_attempts", ended.error_code)
        self.assertIn("in two hours", ended.error_message)

    def test_a_copy_that_never_ends(self):
        self.config(max_age=1, group="conductor")
        self.source.push("busybox:latest", b"x" * 1000)
        self.source.on_piece = lambda number: time.sleep(0.01)
        self.start()
        ended = self.ended(self.pull("busybox"))
        self.assertEqual("too_many_attempts", ended.error_code)
        self.assertEqual({}, self.driver.kept)


class HeartTest(base.ConductorTestCase):
    """Signs of life of one job do not hang on another's."""

    def claimed(self, key):
        request = contract.request(key)
        made = operations.submit(self.db, request)
        claimed = leases.claim(self.db, made.id, 0, "me", 30)
        return conductor_job.Job(claimed, "me", 30, 0)

    def test_one_that_fails_alone(self):
        class Broken(conductor_job.Job):
            def beat(self, db):
                raise OverflowError("out of range")

        good = self.claimed("a")
        bad = Broken(good.operation, "me", 30, 0)
        manager = self.start().manager
        with manager._lock:
            manager._jobs = {bad, good}
        good.progress("copying", 7, 9)
        wait.until(
            lambda: self.get(good.operation).bytes_done == 7, "its beat"
        )
        with manager._lock:
            manager._jobs = set()

    def test_progress_out_of_range(self):
        job = self.claimed("b")
        for done, total, expected in (
            (5, 2**64, (5, 2**63 - 1)),
            (-3, None, (0, None)),
            (2**80, 1, (2**63 - 1, 1)),
        ):
            job.progress("copying", done, total)
            job.beat(self.db)
            found = self.get(job.operation)
            self.assertEqual(expected, (found.bytes_done, found.bytes_total))

    def test_words_that_no_database_takes(self):
        job = self.claimed("c")
        error = exception.SourceError("a\x00b\udcffc\x1b" + "d" * 10000)
        leases.finish(self.db, job.lease, "failed", error=error)
        found = self.get(job.operation).error_message
        self.assertTrue(found.startswith("a b c d"))
        self.assertLess(len(found), 5000)
