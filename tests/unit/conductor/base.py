# SPDX-License-Identifier: Apache-2.0
"""What tests of the conductor share."""

from reposync import keys
from reposync import reference as ref
from reposync.db.queue import operations
from tests.fixtures import conductor_threads
from tests.fixtures import database
from tests.fixtures import memory
from tests.fixtures import wait
from tests.unit import base


class ConductorTestCase(base.TestCase):
    """A test with a conductor over memory."""

    conductor = None
    #: told of events
    listeners = ()

    def setUp(self):
        super().setUp()
        fixture = database.SqliteDatabase(self.conf, self.path)
        self.db = self.useFixture(fixture).db
        self.source = memory.MemorySource(self.conf)
        self.driver = memory.MemoryDriver(self.conf)
        self.list = self.path / "repositories.list"
        self.config(file=str(self.list), group="repositories")
        self.config(
            workers=2, poll_interval=1, retry_delay=1, group="conductor"
        )

    def start(self):
        fixture = conductor_threads.ConductorThreads(
            self.conf, self.db, self.source, self.driver, *self.listeners
        )
        self.conductor = self.useFixture(fixture)
        return self.conductor

    def pull(self, name, project="p", nudge=True):
        reference = ref.Reference.parse(name)
        key = keys.pull_key(self.conf, reference)
        request = operations.Request(
            "pull", key, reference=str(reference), project_id=project
        )
        return self.submit(request, nudge)

    def other(self, kind, key, image_id=None):
        return self.submit(
            operations.Request(kind, key, image_id=image_id, project_id="p")
        )

    def submit(self, request, nudge=True):
        operation = operations.submit(self.db, request)
        if nudge and self.conductor:
            self.conductor.bell.ring()
        return operation

    def get(self, operation):
        return operations.get(self.db, operation.id)

    def ended(self, operation):
        wait.until(lambda: self.get(operation).finished, "the end")
        return self.get(operation)

    def sync(self):
        return self.ended(self.other("sync", keys.sync_key(self.conf)))
