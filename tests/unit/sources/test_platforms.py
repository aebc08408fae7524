# SPDX-License-Identifier: Apache-2.0
"""Which of several platforms is meant."""

import testtools

from reposync import exception
from reposync.sources.platforms import choose
from reposync.sources.platforms import Platform


class ChooseTest(testtools.TestCase):
    """The same platform is written in several ways."""

    def choose(self, wanted, *present):
        found = choose(
            "x", Platform.parse(wanted), list(map(self.of, present))
        )
        return present[found]

    def of(self, text):
        return Platform.parse(text)

    def test_the_same(self):
        for wanted, present in (
            ("linux/amd64", "linux/amd64"),
            ("linux/amd64", "linux/amd64/v1"),
            ("linux/arm64", "linux/arm64/v8"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm", "linux/arm/v7"),
        ):
            others = "linux/s390x", "windows/amd64", "unknown/unknown"
            self.assertEqual(present, self.choose(wanted, *others, present))

    def test_an_older_variant_is_better_than_none(self):
        present = "linux/arm/v5", "linux/arm/v6", "linux/arm/v8"
        self.assertEqual("linux/arm/v6", self.choose("linux/arm/v7", *present))

    def test_a_newer_variant_is_none(self):
        for wanted, present in (
            ("linux/arm/v6", "linux/arm/v7"),
            ("linux/amd64", "linux/amd64/v3"),
            ("linux/amd64", "windows/amd64"),
        ):
            error = self.assertRaises(
                exception.PlatformNotFound, self.choose, wanted, present
            )
            self.assertIn(present, error.message)
