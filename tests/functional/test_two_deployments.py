# SPDX-License-Identifier: Apache-2.0
"""Two deployments share a virtual host of RabbitMQ."""

from tests.fixtures import client
from tests.fixtures import deployment
from tests.fixtures import wait
from tests.functional import service

#: Seconds between two looks into the database: whatever begins within the
#: deadlines below was nudged.
_SELDOM = 600


class TwoDeploymentsTest(service.ServiceTestCase):
    """Two databases, two conductors, one broker."""

    def start(self):
        made = deployment.Deployment(self.lab)
        made.start(conductor={"poll_interval": _SELDOM, "source": "registry"})
        self.addCleanup(made.stop)
        conductor = made.log("reposync-conductor")
        wait.until(
            lambda: "Listening on the message bus" in conductor.read_text(),
            "a conductor that listens",
            60,
        )
        return made, client.Client(made.url, self.cloud.token())

    def test_each_hears_its_own(self):
        first, caller = self.start()
        second, _ = self.start()
        for number in range(6):
            self.push(f"content {number}")
            operation = caller.pull(self.name)
            ended = caller.ended(operation, 60)
            self.assertEqual("succeeded", ended["state"], ended)
        for each in (first, second):
            text = each.log("reposync-conductor").read_text()
            self.assertNotIn("this database does not have it", text)
        self.assertNotIn(
            "was announced", second.log("reposync-conductor").read_text()
        )
