# SPDX-License-Identifier: Apache-2.0
"""The database is away."""

import requests

from tests.faults import base
from tests.fixtures import wait

_BLOB = "GET /v2/.*/blobs/"
_AWAY = "The database is away"


class DatabaseTest(base.FaultCase):
    """Nothing is accepted meanwhile, and nothing accepted is lost."""

    def test_refused(self):
        pushed = self.push()
        begin = {
            name: self.cluster.position(name)
            for name in ("reposync-api", *base.CONDUCTORS)
        }
        self.proxies["database"].refuse()
        answer = self.put()
        self.assertEqual(503, answer.status_code, answer.text)
        [error] = answer.json()["errors"]
        self.assertEqual("database_unavailable", error["code"])
        self.assertTrue(answer.headers["Retry-After"])
        wait.until(lambda: self.cluster.health() == 503, "a bad health")
        for name, position in begin.items():
            wait.until(lambda n=name, p=position: self.said(n, p), name)
        self.proxies["database"].restore()
        self.cluster.wait_healthy()
        self.succeeded(self.caller.pull(self.name))
        for name, position in begin.items():
            self.assertEqual(1, self.said(name, position), name)
        self.all_is_well(pushed)

    def test_for_less_than_a_lease(self):
        self.replace_conductors("patient", lease=60)
        pushed, operation, gate = self.begin()
        begin = self.cluster.position("patient")
        self.proxies["database"].refuse()
        wait.until(lambda: self.said("patient", begin), "the outage", 30)
        self.proxies["database"].restore()
        gate.open()
        self.assertEqual(1, self.succeeded(operation).attempt)
        self.all_is_well(pushed)

    def test_for_longer_than_a_lease(self):
        pushed, operation, _ = self.begin()
        holder = self.holder(operation)
        begin = self.cluster.position(holder)
        self.proxies["registry"].swallow()
        self.proxies["database"].refuse()
        wait.until(
            lambda: self.cluster.said(holder, "No sign of life of", begin),
            "work ending by itself",
            60,
        )
        for proxy in ("database", "registry"):
            self.proxies[proxy].restore()
        self.assertEqual(2, self.succeeded(operation).attempt)
        self.all_is_well(pushed)

    def test_between_commit_and_end(self):
        pushed = self.push()
        gate = self.proxies["glance"].stop_at("PATCH /v2/images/", "after")
        operation = self.caller.pull(self.name)
        gate.reached()
        holder = self.holder(operation)
        begin = self.cluster.position(holder)
        self.proxies["database"].refuse()
        gate.open()
        wait.until(lambda: self.said(holder, begin), "the outage", 30)
        self.proxies["database"].restore()
        self.succeeded(operation)
        self.all_is_well(pushed)

    def begin(self):
        """Begin a copy, and hold it."""
        pushed = self.push()
        gate = self.proxies["registry"].stop_at(_BLOB, "amid", 1 << 20)
        operation = self.caller.pull(self.name)
        gate.reached()
        return pushed, operation, gate

    def said(self, name, begin):
        """Count how often a process said it; health is looked at for that."""
        if name == "reposync-api":
            requests.get(f"{self.cluster.url}/healthcheck", timeout=10)
        return self.cluster.said(name, _AWAY, begin)
