# SPDX-License-Identifier: Apache-2.0
"""The registry or the engine fail."""

from tests.faults import base
from tests.fixtures import wait

_BLOB = "GET /v2/.*/blobs/"


class RegistryTest(base.FaultCase):
    """A download goes on where it broke, or the copy is tried again."""

    def setUp(self):
        super().setUp()
        self.pushed = self.push()

    def test_refused(self):
        self.proxies["registry"].refuse()
        operation = self.caller.pull(self.name)
        wait.until(
            lambda: self.row(operation).error_code == "source_unavailable",
            "the failure",
            60,
        )
        self.proxies["registry"].restore()
        self.assertGreater(self.succeeded(operation).attempt, 1)
        self.all_is_well(self.pushed)

    def test_cut_in_the_middle(self):
        operation = self.held()
        self.gate.cut()
        self.assertEqual(1, self.succeeded(operation).attempt)
        self.all_is_well(self.pushed)

    def test_black_holed_in_the_middle(self):
        self.replace_conductors("impatient", registry={"read_timeout": 3})
        self.assertEqual(1, self.succeeded(self.held()).attempt)
        self.all_is_well(self.pushed)

    def held(self):
        self.gate = self.proxies["registry"].stop_at(_BLOB, "amid", 1 << 20)
        operation = self.caller.pull(self.name)
        self.gate.reached()
        return operation


class EngineTest(base.EngineCase):
    """Images that are read through an engine."""

    def test_cut_in_the_middle_of_a_pull(self):
        self.cut_at("POST /v.*/images/create")

    def test_cut_in_the_middle_of_a_save(self):
        self.cut_at("GET /v.*/images/.*get")

    def cut_at(self, pattern):
        pushed = self.push()
        gate = self.proxies["engine"].stop_at(pattern, "after")
        operation = self.caller.pull(self.name)
        gate.reached()
        gate.cut()
        self.assertGreater(self.succeeded(operation).attempt, 1)
        self.all_is_well(pushed)
        self.engine_is_clean()

    def test_its_conductor_is_killed_in_the_middle(self):
        pushed = self.push()
        gate = self.proxies["engine"].stop_at("GET /v.*/images/.*get", "after")
        operation = self.caller.pull(self.name)
        gate.reached()
        self.assertTrue(self.on_engine())
        dead = self.holder(operation)
        self.cluster.kill(dead)
        gate.cut()
        self.succeeded(operation)
        self.cluster.conductor(dead)
        self.all_is_well(pushed)
        self.engine_is_clean()
