# SPDX-License-Identifier: Apache-2.0
"""A conductor dies or freezes, and another one takes its work over."""

import testscenarios

from tests.faults import base

#: Where the conductor stands when it happens: server, request, and when.
_STATIONS = {
    "resolving": ("registry", "HEAD /v2/.*/manifests/", "before", 0),
    "reading": ("registry", "GET /v2/.*/blobs/", "amid", 1 << 20),
    "creating": ("glance", "POST /v2/images ", "before", 0),
    "created": ("glance", "POST /v2/images ", "after", 0),
    "uploading": ("glance", "PUT /v2/images/.*/file", "amid", 1 << 20),
    "uploaded": ("glance", "PUT /v2/images/.*/file", "after", 0),
    "showing": ("glance", "PATCH /v2/images/", "before", 0),
    "shown": ("glance", "PATCH /v2/images/", "after", 0),
    "retiring": ("glance", "DELETE /v2/images/", "before", 0),
}


class KilledTest(testscenarios.WithScenarios, base.FaultCase):
    """``kill -9`` at each station of a copy that replaces an image."""

    scenarios = [(name, {"station": name}) for name in _STATIONS]

    def test_killed(self):
        self.push("old")
        self.succeeded(self.caller.pull(self.name))
        pushed = self.push("new")
        server, pattern, when, after = _STATIONS[self.station]
        gate = self.proxies[server].stop_at(pattern, when, after)
        operation = self.caller.pull(self.name)
        gate.reached()
        dead = self.holder(operation)
        self.cluster.kill(dead)
        row = self.succeeded(operation)
        self.assertEqual(2, row.attempt)
        # What the dead one had sent arrives now.
        if when == "before":
            gate.passed()
        gate.cut()
        self.all_is_well(pushed)
