# SPDX-License-Identifier: Apache-2.0
"""Every input that once did harm, and those that a search begins with."""

import logging

import testscenarios
import testtools

from tests.fuzz import bounds
from tests.fuzz import targets


class FuzzTest(testscenarios.WithScenarios, testtools.TestCase):
    """One target; ``python -m tests.fuzz`` looks for more."""

    scenarios = [
        (name, {"name": name, "target": target})
        for name, target in targets.TARGETS.items()
    ]

    def setUp(self):
        super().setUp()
        logging.disable()
        self.addCleanup(logging.disable, logging.NOTSET)

    def test_what_was_found_does_no_harm_any_more(self):
        for path in sorted((targets.CORPUS / self.name).glob("*")):
            self.addDetail("input", testtools.content.text_content(path.name))
            self.check(path.read_bytes())

    def test_what_a_search_begins_with(self):
        for seed in self.target.seeds():
            self.check(seed)

    def check(self, data):
        bounds.check(self.target, data)
