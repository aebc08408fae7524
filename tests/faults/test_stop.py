# SPDX-License-Identifier: Apache-2.0
"""A conductor is told to stop."""

from tests.faults import base
from tests.fixtures import wait

_BLOB = "GET /v2/.*/blobs/"
_LONG = {"graceful_shutdown_timeout": 60}


class StopTest(base.FaultCase):
    """``SIGTERM``.  Leases are long: what is handed back is, at once."""

    conductors = ()

    def setUp(self):
        super().setUp()
        self.pushed = self.push()

    def begin(self, server, pattern, when, **options):
        """Begin a copy and hold it."""
        self.cluster.conductor("stopper", lease=300, **options)
        self.gate = self.proxies[server].stop_at(pattern, when)
        operation = self.caller.pull(self.name)
        self.gate.reached()
        return operation

    def stopped(self):
        """Ask it to stop, and wait for its end."""
        process = self.cluster.terminate("stopper")
        self.assertEqual(0, process.wait(60))

    def test_running_work_ends(self):
        operation = self.begin("registry", _BLOB, "before", DEFAULT=_LONG)
        waiting = self.new_name()
        process = self.cluster.terminate("stopper")
        self.push(name=waiting)
        second = self.caller.pull(waiting)
        self.gate.open()
        self.assertEqual(0, process.wait(60))
        row = self.row(operation)
        self.assertEqual(("succeeded", 1), (row.state, row.attempt))
        # It has taken nothing more.
        self.assertEqual("queued", self.row(second).state)
        self.cluster.conductor("one")
        self.succeeded(second)
        self.all_is_well(self.pushed)

    def test_work_that_takes_too_long_is_handed_back(self):
        operation = self.begin("registry", _BLOB, "before")
        self.stopped()
        self.handed_back(operation)
        self.all_is_well(self.pushed)

    def test_work_that_hangs_is_handed_back(self):
        operation = self.begin("glance", "POST /v2/images ", "before")
        self.stopped()
        self.handed_back(operation)
        # What it had sent arrives now.
        self.gate.passed()
        self.all_is_well(self.pushed)

    def handed_back(self, operation):
        row = self.row(operation)
        self.assertEqual(
            ("queued", 0, None), (row.state, row.attempt, row.owner)
        )
        self.cluster.conductor("one", lease=300)
        self.assertEqual(1, self.succeeded(operation).attempt)

    def start(self, name):
        begin = self.cluster.position(name)
        self.cluster.conductor(name, lease=300)
        self.cluster.wait_started(name, begin)

    def test_rolling_restart_under_load(self):
        for name in base.CONDUCTORS:
            self.start(name)
        names = [self.new_name() for _ in range(12)]
        pushed = [self.push(name=name, size=1 << 18) for name in names]
        made = [self.caller.pull(name) for name in names]
        for name in base.CONDUCTORS:
            process = self.cluster.terminate(name)
            self.assertEqual(0, process.wait(60))
            self.start(name)
        rows = [self.succeeded(each) for each in made]
        self.assertEqual(
            {("created", 1)}, {(row.outcome, row.attempt) for row in rows}
        )
        for name, each in zip(names, pushed, strict=True):
            self.all_is_well(each, name)
        wait.until(lambda: not self.unfinished(), "the end of all")
