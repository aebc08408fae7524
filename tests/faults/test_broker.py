# SPDX-License-Identifier: Apache-2.0
"""The message bus is away; the database has all that counts."""

from tests.faults import base
from tests.fixtures import wait


class BrokerTest(base.FaultCase):
    """Requests are accepted in bounded time and carried out."""

    def test_refused(self):
        self.proxies["broker"].refuse()
        self.done_without()

    def test_black_holed(self):
        self.proxies["broker"].swallow()
        self.done_without()

    def done_without(self):
        pushed = self.push()
        # Whoever asks waits no longer than this, on the busiest machine.
        operation = self.caller.accepted(self.put(timeout=15))
        self.succeeded(operation)
        self.all_is_well(pushed)
        wait.until(self.lists, "an answer over the bus", 90)

    def lists(self):
        return self.caller.call("GET", "/v1/images").status_code == 200
