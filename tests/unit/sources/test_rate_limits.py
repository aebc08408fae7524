# SPDX-License-Identifier: Apache-2.0
"""Limits in the dialects of servers."""

import testscenarios
import testtools

from reposync.sources.registry.transport import rate_limits
from reposync.sources.registry.transport import throttle

DATE = "Fri, 28 Nov 2025 03:19:50 GMT"
NOW = 1764299990


class BudgetTest(testscenarios.WithScenarios, testtools.TestCase):
    """What answers say, and how long nothing can be had."""

    scenarios = [
        (name, {"headers": headers, "left": left, "pause": pause})
        for name, headers, left, pause in (
            (
                "a second",
                {
                    "RateLimit-Limit": "10",
                    "RateLimit-Reset": "1",
                    "RateLimit-Remaining": "0",
                },
                (10, 0),
                1,
            ),
            (
                "Docker Hub",
                {
                    "RateLimit-Limit": "100;w=21600",
                    "RateLimit-Remaining": "0;w=21600",
                },
                (100, 0),
                900,
            ),
            (
                "a window of a second",
                {"RateLimit-Limit": "10;w=1", "RateLimit-Remaining": "0"},
                (10, 0),
                1,
            ),
            (
                "draft 3, several windows",
                {
                    "RateLimit-Limit": "10, 10;w=1, 1000;w=3600",
                    "RateLimit-Remaining": "0",
                },
                (10, 0),
                1,
            ),
            (
                "draft 7",
                {
                    "RateLimit": "limit=10, remaining=0, reset=3",
                    "RateLimit-Policy": "10;w=60",
                },
                (10, 0),
                3,
            ),
            (
                "draft 8",
                {
                    "RateLimit": '"burst";r=5;t=1, "day";r=0;t=40',
                    "RateLimit-Policy": '"burst";q=10;w=1, "day";q=9;w=86400',
                },
                (None, 0),
                40,
            ),
            (
                "GitLab",
                {
                    "RateLimit-Limit": "60",
                    "RateLimit-Observed": "61",
                    "RateLimit-Remaining": "0",
                    "RateLimit-Reset": str(NOW + 30),
                    "RateLimit-ResetTime": "Fri, 28 Nov 2025 03:20:20 GMT",
                },
                (60, 0),
                30,
            ),
            (
                "only a date",
                {
                    "RateLimit-Remaining": "0",
                    "RateLimit-ResetTime": "Fri, 28 Nov 2025 03:20:20 GMT",
                },
                (None, 0),
                30,
            ),
            (
                "GitHub",
                {
                    "X-RateLimit-Limit": "5000",
                    "X-RateLimit-Remaining": "0",
                    "X-RateLimit-Reset": str(NOW + 10),
                },
                (5000, 0),
                10,
            ),
            (
                "milliseconds",
                {
                    "X-Rate-Limit-Remaining": "0",
                    "X-Rate-Limit-Reset": str((NOW + 10) * 1000),
                },
                (None, 0),
                10,
            ),
            ("nothing else", {"RateLimit-Remaining": "0"}, (None, 0), 1),
            ("some are left", {"RateLimit-Remaining": "3"}, (None, 3), 0),
            (
                "a time that has passed",
                {"RateLimit-Remaining": "0", "RateLimit-Reset": str(NOW - 9)},
                (None, 0),
                0,
            ),
            (
                "for ever",
                {"RateLimit-Remaining": "0", "RateLimit-Reset": "999999999"},
                (None, 0),
                6 * 3600,
            ),
            (
                "no number",
                {"RateLimit-Remaining": "0", "RateLimit-Reset": "soon"},
                (None, 0),
                1,
            ),
        )
    ]

    def test_it_is_read(self):
        headers = {name.lower(): self.headers[name] for name in self.headers}
        found = rate_limits.budget(headers | {"date": DATE})
        self.assertEqual(self.left, (found.limit, found.remaining))
        self.assertEqual(self.pause, found.pause)


class RetryAfterTest(testtools.TestCase):
    """How long to wait."""

    def test_numbers_and_dates(self):
        for headers, seconds in (
            ({"retry-after": "120"}, 120),
            ({"retry-after": "0"}, 0),
            ({"retry-after": "1.5"}, 1.5),
            ({"retry-after": "Fri, 28 Nov 2025 03:20:50 GMT"}, 60),
            ({"retry-after": "Fri, 28 Nov 2025 03:00:00 GMT"}, 0),
            ({"retry-after": "999999999"}, 6 * 3600),
            ({"x-retry-after": str(NOW + 7)}, 7),
            ({"x-ms-retry-after-ms": "2500"}, 2.5),
            ({"retry-after": "9" * 40}, None),
            ({"retry-after": "-5"}, None),
            ({"retry-after": "nan"}, None),
            ({"retry-after": "later"}, None),
            ({}, None),
        ):
            found = rate_limits.retry_after(headers | {"date": DATE})
            self.assertEqual(seconds, found, headers)

    def test_refusals_of_a_moment_are_one(self):
        limits = throttle.Governor("r.example.org", 1, 0)
        found = {limits.refuse(None, "429") for _ in range(10)}
        self.assertEqual({5}, found)

    def test_refusals_without_a_time_are_waited_for_longer_each(self):
        limits = throttle.Governor("r.example.org", 1, 0)
        first = limits.refuse(0, "429"), limits.refuse(0, "429")
        self.assertEqual((0, 0), first)
        self.assertEqual(20, limits.refuse(None, "429"))
        limits.served()
        self.assertEqual(5, limits.refuse(None, "429"))

    def test_what_is_not_counted_says_nothing_of_pulls(self):
        limits = throttle.Governor("r.example.org", 1, 0)
        limits.refuse(0, "429", counted=True)
        limits.served()
        self.assertEqual(10, limits.refuse(None, "429", counted=True))
        limits.served(counted=True)
        limits.refuse(0, "429")
        self.assertEqual(5, limits.refuse(None, "429"))


class GovernorsTest(testtools.TestCase):
    """One for each host, but not for ever."""

    def test_hosts_that_nobody_asks_for_are_forgotten(self):
        governors = throttle.Governors(1, 0)
        first, hub = governors.of("first"), governors.of("docker.io")
        for number in range(3000):
            governors.of(f"r{number}.example.org").note(
                {"RateLimit-Remaining": "1"}
            )
            self.assertIs(hub, governors.of("docker.io"))
        self.assertIsNot(first, governors.of("first"))
        self.assertLessEqual(len(governors.budgets()), 1000)
