# SPDX-License-Identifier: Apache-2.0
"""A conductor dies or freezes, and another one takes its work over."""

import testscenarios

from tests.faults import base
from tests.fixtures import wait

#: Each scenario is a test of its own.
load_tests = testscenarios.load_tests_apply_scenarios

_BLOB = "GET /v2/.*/blobs/"
#: As PostgreSQL's protocol has it: a letter, and the length in four bytes.
_UPDATE = "(?s)Q.{4}UPDATE operations SET"
#: Where a conductor stands when it happens: server, request, when, and how
#: many bytes have passed.
_STATIONS = {
    "resolving": ("registry", "HEAD /v2/.*/manifests/", "before", 0),
    "reading": ("registry", _BLOB, "amid", 1 << 20),
    "creating": ("glance", "POST /v2/images ", "before", 0),
    "created": ("glance", "POST /v2/images ", "after", 0),
    "uploading": ("glance", "PUT /v2/images/.*/file", "amid", 1 << 20),
    "uploaded": ("glance", "PUT /v2/images/.*/file", "after", 0),
    "showing": ("glance", "PATCH /v2/images/", "before", 0),
    "shown": ("glance", "PATCH /v2/images/", "after", 0),
    "retiring": ("glance", "DELETE /v2/images/", "before", 0),
}


class StationCase(base.FaultCase):
    """A copy that replaces an image, and is caught at a station."""

    station: str

    def caught(self):
        """Begin the copy; gives operation, gate and what was pushed."""
        self.push("old")
        self.succeeded(self.caller.pull(self.name))
        pushed = self.push("new")
        server, *where = _STATIONS[self.station]
        gate = self.proxies[server].stop_at(*where)
        operation = self.caller.pull(self.name)
        gate.reached()
        return operation, gate, pushed


class KilledTest(StationCase):
    """``kill -9``."""

    scenarios = [(name, {"station": name}) for name in _STATIONS]

    def test_killed(self):
        operation, gate, pushed = self.caught()
        self.cluster.kill(self.holder(operation))
        self.assertEqual(2, self.succeeded(operation).attempt)
        if gate.when == "before":
            # What the dead one had sent arrives now.
            gate.passed()
        gate.cut()
        self.all_is_well(pushed)


class FrozenTest(StationCase):
    """``SIGSTOP``, and on again when another one has done the work."""

    scenarios = [
        (name, {"station": name})
        for name in ("reading", "created", "uploading", "uploaded", "showing")
    ]

    def test_frozen(self):
        operation, gate, pushed = self.caught()
        frozen = self.holder(operation)
        self.cluster.freeze(frozen)
        begin = self.cluster.position(frozen)
        row = self.succeeded(operation)
        self.assertEqual(2, row.attempt)
        self.cluster.thaw(frozen)
        gate.open()
        wait.until(
            lambda: self.cluster.said(frozen, "left to the other one", begin),
            "the frozen one giving in",
            60,
        )
        self.assertEqual(row.image_id, self.row(operation).image_id)
        self.all_is_well(pushed)


class LockTest(StationCase):
    """One that was frozen in the middle of a transaction."""

    station = "reading"

    def test_frozen_in_a_transaction(self):
        other = self.new_name()
        other_pushed = self.push(name=other)
        operation, gate, pushed = self.caught()
        frozen = self.holder(operation)
        # Its next sign of life; the server has locked the row by then.
        beat = self.proxies["database"].stop_at(_UPDATE, "after")
        beat.reached()
        self.cluster.freeze(frozen)
        beat.open()
        begin = self.cluster.position(frozen)
        wait.until(lambda: self.ended_beside(operation, other), "its end", 60)
        self.assertEqual(2, self.succeeded(operation).attempt)
        self.cluster.thaw(frozen)
        gate.open()
        wait.until(
            lambda: self.cluster.said(frozen, "left to the other one", begin),
            "the frozen one giving in",
            60,
        )
        self.all_is_well(pushed)
        self.all_is_well(other_pushed, other)

    def ended_beside(self, operation, other):
        """Tell whether it has ended; wakes those who could take it again."""
        self.caller.pull(other)
        return self.row(operation).finished_at


class BesideTest(StationCase):
    """One that was frozen goes on while its successor is at work."""

    station = "uploaded"

    def test_frozen_and_on_again(self):
        operation, gate, pushed = self.caught()
        frozen = self.holder(operation)
        self.cluster.freeze(frozen)
        begin = self.cluster.position(frozen)
        second = self.proxies["registry"].stop_at(_BLOB, "amid", 1 << 20)
        second.reached(60)
        successor = self.holder(operation, but=frozen)
        self.cluster.thaw(frozen)
        gate.open()
        wait.until(
            lambda: self.cluster.said(frozen, "left to the other one", begin),
            "the frozen one giving in",
            60,
        )
        self.assertEqual(successor, self.holder(operation))
        self.assertEqual(2, self.row(operation).attempt)
        second.open()
        self.assertEqual(2, self.succeeded(operation).attempt)
        self.all_is_well(pushed)


class SameHostTest(base.FaultCase):
    """What held an operation is known to be dead: no lease is waited for."""

    conductors = ()

    def test_restarted(self):
        self.cluster.conductor("long", lease=300)
        pushed = self.push()
        gate = self.proxies["registry"].stop_at(_BLOB, "before")
        operation = self.caller.pull(self.name)
        gate.reached()
        self.cluster.kill("long")
        self.cluster.conductor("long", lease=300)
        self.assertEqual(2, self.succeeded(operation).attempt)
        self.all_is_well(pushed)

    def test_a_neighbour(self):
        pushed = self.push()
        self.cluster.conductor("left", host="shared", lease=300)
        gate = self.proxies["registry"].stop_at(_BLOB, "before")
        operation = self.caller.pull(self.name)
        gate.reached()
        begin = self.cluster.position("right")
        self.cluster.conductor("right", host="shared", lease=300)
        # What a living neighbour holds is left alone.
        self.cluster.wait_started("right", begin)
        other = self.new_name()
        self.push(name=other)
        self.succeeded(self.caller.pull(other))
        self.assertEqual(1, self.row(operation).attempt)
        self.cluster.kill("left")
        self.assertEqual(2, self.succeeded(operation).attempt)
        gate.cut()
        self.all_is_well(pushed)

    def test_poison(self):
        options = {"lease": 300, "max_attempts": 2, "retry_delay": 1}
        self.push()
        operation = None
        for _ in range(2):
            self.cluster.conductor("poisoned", **options)
            gate = self.proxies["registry"].stop_at(
                f"HEAD /v2/{self.name.partition('/')[2]}/", "before"
            )
            operation = operation or self.caller.pull(self.name)
            gate.reached(60)
            self.cluster.kill("poisoned")
            gate.cut()
        self.cluster.conductor("poisoned", **options)
        other = self.new_name()
        pushed = self.push(name=other)
        self.succeeded(self.caller.pull(other))
        row = self.ended(operation)
        self.assertEqual(
            ("failed", "too_many_attempts"), (row.state, row.error_code)
        )
        self.all_is_well(None)
        self.all_is_well(pushed, other)
