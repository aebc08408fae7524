# SPDX-License-Identifier: Apache-2.0
"""API and conductor, over the bus that is in memory."""

import threading
import uuid

from reposync import broker
from reposync import context
from reposync import exception
from reposync.conductor import bell
from reposync.conductor import endpoint
from reposync.conductor import listener
from reposync.conductor import rpcapi
from reposync.conductor.telemetry import outage
from reposync.conductor.upkeep import presence
from reposync.db import conductors
from reposync.db import deployment
from tests.fixtures import database
from tests.fixtures import memory
from tests.fixtures import wait
from tests.unit import base


class SlowDriver(memory.MemoryDriver):
    """Lists nothing before it is told to."""

    def __init__(self, conf=None):
        super().__init__(conf)
        self.asked = threading.Semaphore(0)
        self.gate = threading.Event()

    def images(self, image_filter, marker=None):
        self.asked.release()
        self.gate.wait(60)
        return iter(())


class MessagesTest(base.TestCase):
    """Two deployments on one bus."""

    def setUp(self):
        super().setUp()
        self.config(transport_url="fake://")
        self.first = self.deployment("first")
        self.second = self.deployment("second")

    def deployment(self, name):
        directory = self.path / name
        directory.mkdir()
        fixture = database.SqliteDatabase(self.conf, directory)
        db = self.useFixture(fixture).db
        # The address is read when the engine is made.
        db.ping()
        return db

    def conductor(self, db, driver=None):
        """Listen for a deployment; gives what rings."""
        made = bell.Bell(1)
        driver = driver or memory.MemoryDriver()
        heard = listener.Listener(self.conf, db, "host", driver, made)
        heard.start()
        self.addCleanup(heard.stop)
        wait.until(lambda: len(heard._servers) == 2, "a conductor")
        conductors.beat(db, uuid.uuid4().hex, "host", {})
        return made

    def api(self, db):
        return rpcapi.ConductorAPI(self.conf, db)

    def images(self, api):
        return api.images(
            context.RequestContext(),
            name_filter=None,
            image_type=None,
            limit=9,
            marker=None,
        )

    def test_each_conductor_hears_its_own_deployment(self):
        ours, theirs = self.conductor(self.first), self.conductor(self.second)
        for _ in range(6):
            self.api(self.first).process(context.RequestContext(), "an id")
            self.assertTrue(ours.wait(20))
        self.assertFalse(theirs.wait(0))

    def test_nudges_do_not_wait_behind_lists(self):
        driver = SlowDriver()
        self.addCleanup(driver.gate.set)
        heard = self.conductor(self.first, driver)
        api = self.api(self.first)
        for _ in range(6):
            threading.Thread(
                target=self.images, args=(api,), daemon=True
            ).start()
        for _ in range(listener._CATALOGUE_THREADS):
            self.assertTrue(driver.asked.acquire(timeout=20))
        api.process(context.RequestContext(), "an id")
        self.assertTrue(heard.wait(20))

    def test_without_a_conductor_nobody_waits(self):
        error = self.assertRaises(
            exception.ConductorTimeout, self.images, self.api(self.first)
        )
        self.assertIn("No conductor has ever given", error.message)

    def test_answers_need_neither_a_login_nor_a_thread_each(self):
        self.conductor(self.first)
        api = self.api(self.first)
        self.assertEqual([], self.images(api))
        # The next look at the broker would fail, and none is made.
        self.config(transport_url="rabbit://a:b@127.0.0.1:1/")
        started = []
        threading.setprofile(
            lambda *_: started.append(threading.current_thread().name)
        )
        self.addCleanup(threading.setprofile, None)
        for _ in range(3):
            self.assertEqual([], self.images(api))
        self.assertNotIn("call", started)

    def test_a_copy_of_a_database_is_told_of_once(self):
        made = endpoint.Nudges(bell.Bell(1), lambda operation_id: False)
        for _ in range(3):
            made.process(None, "an id")
        said = self.log.output.count("this database does not have it")
        self.assertEqual(1, said)


class BrokerTest(base.TestCase):
    """Why a broker does not let the service in."""

    def test_addresses(self):
        for address, expected in (
            ("rabbit://u:se/cret@h/", "with / in the password as %2F"),
            ("rabbit://u:se#cret@h/", "# as %23"),
            ("nonsense", "transport_url cannot be read"),
            ("rabit://u:secret@h/", "no driver for"),
            ("rabbit://u:secret@127.0.0.1:1/", "nothing listens"),
            ("rabbit://u:secret@no.invalid/", "is not known"),
        ):
            self.config(transport_url=address)
            refused = (OSError, ValueError)
            error = self.assertRaises(refused, broker.probe, self.conf)
            self.assertIn(expected, broker.explain(error))
            self.assertNotIn("secret", broker.words(error))


class PresenceTest(base.TestCase):
    """A conductor gives signs of life."""

    def test_it_tells_what_it_lacks_and_when_it_stops(self):
        fixture = database.SqliteDatabase(self.conf, self.path)
        db = self.useFixture(fixture).db
        made = presence.Presence(db, "n", "h", outage.Outage("The database"))
        made.start()
        wait.until(lambda: conductors.known(db), "a sign of life")
        made.note("The catalogue", "It refuses")
        wait.until(lambda: conductors.known(db)[0].problems, "a problem")
        made.note("The catalogue", None)
        wait.until(lambda: not conductors.known(db)[0].problems, "none")
        made.stop(20)
        self.assertTrue(conductors.known(db)[0].stopped)

    def test_two_deployments_have_two_names(self):
        names = set()
        for name in ("a", "b"):
            directory = self.path / name
            directory.mkdir()
            fixture = database.SqliteDatabase(self.conf, directory)
            names.add(deployment.identity(self.useFixture(fixture).db))
        self.assertEqual(2, len(names))
