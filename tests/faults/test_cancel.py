# SPDX-License-Identifier: Apache-2.0
"""A running copy is cancelled, and leaves nothing behind."""

from tests.faults import base
from tests.fixtures import wait


class CancelTest(base.FaultCase):
    """Whatever the copy waits for."""

    def setUp(self):
        super().setUp()
        self.push()

    def cancelled(self, operation, seconds=15):
        path = f"/v1/operations/{operation['id']}"
        answer = self.caller.call("DELETE", path)
        self.assertEqual(202, answer.status_code, answer.text)
        self.assertEqual("cancelled", self.ended(operation, seconds).state)

    def held(self, server, pattern, when, after=0):
        gate = self.proxies[server].stop_at(pattern, when, after)
        operation = self.caller.pull(self.name)
        gate.reached()
        return operation

    def test_while_the_registry_is_silent(self):
        pattern = "GET /v2/.*/blobs/"
        operation = self.held("registry", pattern, "amid", 1 << 20)
        self.cancelled(operation)
        self.all_is_well(None)

    def test_while_glance_is_silent(self):
        # The copy hangs in sending for as long as Glance may be silent.
        pattern = "PUT /v2/images/.*/file"
        operation = self.held("glance", pattern, "amid", 1 << 20)
        self.cancelled(operation, 60)
        self.all_is_well(None)

    def test_while_it_waits_for_its_next_attempt(self):
        self.proxies["registry"].refuse()
        operation = self.caller.pull(self.name)
        wait.until(
            lambda: self.row(operation).error_code == "source_unavailable",
            "the failure",
            60,
        )
        self.cancelled(operation)
        self.all_is_well(None)


class CancelEngineTest(base.EngineCase):
    """A copy through an engine."""

    def test_while_the_engine_pulls(self):
        self.push()
        gate = self.proxies["engine"].stop_at(
            "POST /v.*/images/create", "after"
        )
        operation = self.caller.pull(self.name)
        gate.reached()
        path = f"/v1/operations/{operation['id']}"
        self.caller.call("DELETE", path)
        self.assertEqual("cancelled", self.ended(operation, 30).state)
        self.all_is_well(None)
        self.engine_is_clean()
