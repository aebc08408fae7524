# SPDX-License-Identifier: Apache-2.0
"""The service starts while one of the servers is away."""

import testscenarios

from tests.faults import base
from tests.fixtures import wait

#: Each scenario is a test of its own.
load_tests = testscenarios.load_tests_apply_scenarios

_API, _CONDUCTOR = "reposync-api", "late"


class StartedWithoutTest(base.FaultCase):
    """It says so once, goes on by itself, and loses nothing.

    ``status``: of a request meanwhile.  ``says``: which log says what.
    """

    conductors = ()
    scenarios = [
        (
            "broker",
            {"status": 202, "says": [(_API, "The message bus is away")]},
        ),
        (
            "database",
            {
                "status": 503,
                "says": [
                    (_API, "The database is away"),
                    (_CONDUCTOR, "The database is away"),
                ],
            },
        ),
        (
            "keystone",
            {
                "status": 503,
                "says": [
                    (_API, "The identity service is away"),
                    (_CONDUCTOR, "The catalogue is away"),
                ],
            },
        ),
        (
            "glance",
            {"status": 202, "says": [(_CONDUCTOR, "The catalogue is away")]},
        ),
        ("registry", {"status": 202, "says": []}),
        (
            "engine",
            {"status": 202, "says": [(_CONDUCTOR, "The source is away")]},
        ),
    ]

    def test_started_without(self):
        server = self.id().rpartition("(")[2].rstrip(")")
        pushed = self.push()
        positions = {
            name: self.cluster.position(name) for name in (_API, _CONDUCTOR)
        }
        self.cluster.kill(_API)
        self.proxies[server].refuse()
        self.cluster.start_process(_API)
        source = "docker" if server == "engine" else "registry"
        self.cluster.conductor(_CONDUCTOR, source=source)
        healthy = self.status == 202 and server != "broker"
        expected = 200 if healthy else 503
        wait.until(lambda: self.cluster.health() == expected, "the health", 60)
        answer = self.put()
        self.assertEqual(self.status, answer.status_code, answer.text)
        for name, text in self.says:
            wait.until(
                lambda n=name, t=text: self.cluster.said(n, t, positions[n]),
                f"{name} saying: {text}",
                60,
            )
        if answer.status_code == 503:
            self.assertTrue(answer.headers.get("Retry-After"), answer.headers)
        else:
            operation = self.caller.accepted(answer)
        self.proxies[server].restore()
        self.cluster.wait_healthy()
        if answer.status_code == 503:
            operation = self.caller.pull(self.name)
        self.succeeded(operation)
        for name, text in self.says:
            said = self.cluster.said(name, text, positions[name])
            self.assertEqual(1, said, f"{name}: {text}")
        self.all_is_well(pushed)
