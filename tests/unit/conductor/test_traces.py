# SPDX-License-Identifier: Apache-2.0
"""What is left of attempts, over a catalogue and a source in memory."""

from reposync import exception
from reposync.conductor import job as conductor_job
from reposync.conductor import sources
from reposync.conductor.upkeep import intents as conductor_traces
from reposync.db.queue import intents
from reposync.db.queue import leases
from reposync.db.queue import operations
from tests.contract import operations as contract
from tests.fixtures import database
from tests.fixtures import memory
from tests.unit import base


class TracesTest(base.TestCase):
    """What is removed, what is kept in mind, what is given up."""

    def setUp(self):
        super().setUp()
        fixture = database.SqliteDatabase(self.conf, self.path)
        self.db = self.useFixture(fixture).db
        self.driver = memory.MemoryDriver(self.conf)
        self.source = memory.MemorySource(self.conf)
        chosen = sources.Sources(self.conf, lambda conf, name: self.source)
        self.traces = conductor_traces.Traces(
            self.db, self.db, chosen, self.driver, "here"
        )
        operation = operations.submit(self.db, contract.request())
        operation = leases.claim(self.db, operation.id, 0, "me", 30)
        self.job = conductor_job.Job(operation, "me", 30, 10)
        self.asked = []
        self.driver.discard = self.source.discard = self.discard
        self.answers = {}

    def discard(self, name):
        self.asked.append(name)
        answer = self.answers.get(name, True)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def begin(self, name):
        conductor_traces.Attempt(self.db, self.job).begin(name)

    def left(self):
        return [t.name for t in intents.of_attempt(self.db, self.job.lease)]

    def next_job(self):
        operation = operations.submit(self.db, contract.request())
        operation = leases.claim(self.db, operation.id, 0, "me", 30)
        return conductor_job.Job(operation, "me", 30, 10)

    def end(self):
        leases.finish(self.db, self.job.lease, "failed")

    def test_what_is_found_is_forgotten(self):
        self.begin("image")
        self.traces.at_source(self.job, "docker")("name")
        self.end()
        self.traces.sweep()
        self.assertEqual({"image", "name"}, set(self.asked))
        self.assertEqual([], self.left())

    def test_what_is_not_there_yet_is_looked_for_again(self):
        self.begin("image")
        self.answers["image"] = False
        self.traces.after(self.job)
        self.end()
        self.traces.sweep()
        self.assertEqual(["image", "image"], self.asked)
        self.assertEqual(["image"], self.left())

    def test_an_outage_is_no_end(self):
        self.begin("image")
        self.answers["image"] = exception.CatalogueUnavailable("away")
        self.end()
        self.traces.sweep()
        self.assertEqual(["image"], self.left())

    def test_nothing_is_forgotten_while_the_account_is_refused(self):
        for error in (
            exception.CatalogueDenied("wrong password"),
            exception.CatalogueUnsuitable("no such datastore"),
            exception.RegistryDenied("wrong password"),
        ):
            name = type(error).__name__
            self.begin(name)
            self.answers[name] = error
        self.traces.after(self.job)
        self.end()
        self.traces.sweep()
        self.assertEqual(3, len(self.left()))
        self.assertIn("wrong password", self.log.output)
        self.assertNotIn("by hand", self.log.output)
        self.answers.clear()
        self.traces.sweep()
        self.assertEqual([], self.left())

    def test_what_a_catalogue_works_on_is_in_nobodys_way(self):
        for name in ("first", "second", "third"):
            self.begin(name)
        self.answers["second"] = exception.ImageBusy("being copied")
        self.end()
        self.traces.sweep()
        self.assertEqual(["second"], self.left())
        following = self.next_job()
        self.traces.before(following)
        self.assertEqual(["second"], self.left())
        leases.finish(self.db, following.lease, "failed")
        self.answers.clear()
        self.traces.sweep()
        self.assertEqual([], self.left())

    def test_what_cannot_be_removed_is_told_once(self):
        self.begin("image")
        self.answers["image"] = exception.ImageInUse("in use")
        self.end()
        self.traces.sweep()
        self.traces.sweep()
        self.assertEqual(["image"], self.asked)
        self.assertIn("removed by hand: in use", self.log.output)

    def test_work_under_way_is_left_alone(self):
        self.begin("image")
        self.traces.sweep()
        self.traces.before(self.job)
        self.assertEqual([], self.asked)
