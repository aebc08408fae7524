# SPDX-License-Identifier: Apache-2.0
"""The filter of image lists."""

import testtools

from reposync import exception
from reposync import filters
from reposync.drivers import base


class FilterTest(testtools.TestCase):
    """Which names match."""

    def test_names(self):
        for pattern, name, expected in (
            (None, "a", True),
            ("a", "a", True),
            ("a", "ab", False),
            ("a*", "abc", True),
            ("*b*", "abc", True),
            ("a?c", "abc", True),
            ("a?c", "ac", False),
            ("a.c", "abc", False),
            ("h:5/*", "h:5/a/b", True),
            ("a(b|c)+", "abcb", True),
            ("a(b|c)+", "ad", False),
            ("[ab]+", "abba", True),
        ):
            image = base.Image("id", name, "docker")
            found = filters.ImageFilter(pattern).matches(image)
            self.assertEqual(expected, found, (pattern, name))

    def test_types(self):
        image = base.Image("id", "a", "vm")
        self.assertTrue(filters.ImageFilter(None, "vm").matches(image))
        self.assertFalse(filters.ImageFilter("a", "docker").matches(image))

    def test_bad_patterns(self):
        for pattern in ("(", "[a", "x" * 256, r"(?<=a)b", "a{1001}"):
            self.assertRaises(
                exception.InvalidFilter, filters.ImageFilter, pattern
            )

    def test_a_hostile_pattern_takes_no_time(self):
        image = base.Image("id", "a" * 5000 + "!", "docker")
        self.assertFalse(filters.ImageFilter("(a+)+$").matches(image))
