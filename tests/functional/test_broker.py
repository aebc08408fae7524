# SPDX-License-Identifier: Apache-2.0
"""The message bus is away."""

import time

from tests.fixtures import wait
from tests.functional import service


class BrokerTest(service.ServiceTestCase):
    """RabbitMQ is stopped and started again."""

    def test_a_request_during_an_outage_is_done(self):
        self.push("one")
        servers = self.servers()
        self.addCleanup(
            wait.until, self.service.healthy, "the broker back", 60
        )
        self.addCleanup(servers.start, "rabbitmq")
        servers.stop("rabbitmq")
        begun = time.monotonic()
        operation = self.admin.pull(self.name)
        self.assertLess(time.monotonic() - begun, 5)
        # A result counts for some seconds.
        wait.until(lambda: not self.service.healthy(), "a bad health")
        answer = self.admin.call("GET", "/v1/images", timeout=60)
        self.assertEqual(503, answer.status_code)
        self.assertEqual(
            "conductor_unavailable", answer.json()["errors"][0]["code"]
        )
        self.assertEqual("created", self.admin.done(operation)["outcome"])
        servers.start("rabbitmq")
        wait.until(self.lists_again, "an answer over the bus", 90)
        self.push("two")
        again = self.admin.pull(self.name)
        self.assertEqual("updated", self.admin.done(again)["outcome"])

    def lists_again(self):
        return self.admin.call("GET", "/v1/images").status_code == 200
