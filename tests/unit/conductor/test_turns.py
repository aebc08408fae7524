# SPDX-License-Identifier: Apache-2.0
"""Workers take operations of all projects in turns."""

from tests.fixtures import wait
from tests.unit.conductor import base


class TurnsTest(base.ConductorTestCase):
    """One worker, which remembers whose turn it was."""

    def setUp(self):
        super().setUp()
        self.config(workers=1, group="conductor")
        self.begun = []
        self.listeners = [self.hear]

    def hear(self, event):
        if event.name == "begun":
            self.begun.append(event.operation.reference.partition(":")[0])

    def test_a_project_does_not_wait_for_all_of_another(self):
        for number in range(20):
            self.pull(f"many{number}", "a")
        for number in range(3):
            self.pull(f"few{number}", "b")
        self.start()
        wait.until(lambda: len(self.begun) == 23, "all")
        places = [
            place
            for place, name in enumerate(self.begun)
            if name.startswith("few")
        ]
        for number, place in enumerate(places):
            self.assertIn(place, (2 * number, 2 * number + 1), self.begun)
