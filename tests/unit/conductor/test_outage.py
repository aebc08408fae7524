# SPDX-License-Identifier: Apache-2.0
"""What is said of an outage, and how often."""

import time

from reposync.conductor.telemetry import outage
from tests.unit import base


class OutageTest(base.TestCase):
    """Once that it begins, and once that it is over."""

    def test_it_is_said_once(self):
        known = outage.Outage("The thing")
        known.over(time.monotonic())
        for _ in range(3):
            known.begun(OSError("gone"))
        known.over(time.monotonic())
        known.over(time.monotonic())
        self.assertEqual(1, self.log.output.count("The thing is away: gone"))
        self.assertEqual(1, self.log.output.count("The thing is back"))

    def test_a_success_that_began_before_tells_nothing(self):
        known = outage.Outage("The thing")
        begun = time.monotonic()
        known.begun(OSError("gone"))
        known.over(begun)
        known.begun(OSError("gone"))
        self.assertEqual(1, self.log.output.count("is away"))
        self.assertNotIn("is back", self.log.output)
