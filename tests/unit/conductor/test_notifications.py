# SPDX-License-Identifier: Apache-2.0
"""Notifications while the broker is away."""

import oslo_messaging

from reposync.conductor.telemetry import events
from reposync.conductor.telemetry import notifications
from reposync.db import models
from tests.unit import base


class NotificationsTest(base.TestCase):
    """Nobody waits for a broker."""

    def event(self, name="begun", state="running"):
        return events.Event(name, models.Operation(id="1"), state)

    def start(self, driver):
        self.config(transport_url="rabbit://nobody:secret@127.0.0.1:1/")
        oslo_messaging.get_notification_transport(self.conf)
        self.config(driver=driver, group="oslo_messaging_notifications")
        made = notifications.Notifications(self.conf)
        made.start()
        return made

    def test_without_a_driver_nothing_is_kept(self):
        made = self.start([])
        made.hear(self.event())
        self.assertTrue(made._queue.empty())
        made.stop(1)

    def test_too_many_are_dropped_and_said_once(self):
        made = self.start(["messagingv2"])
        for _ in range(notifications._WAITING + 50):
            made.hear(self.event())
        made.hear(self.event("lost"))
        self.assertTrue(made._queue.full())
        self.assertEqual(1, self.log.output.count("are dropped"))
        made.stop(0.1)
        self.assertNotIn("secret", self.log.output)
