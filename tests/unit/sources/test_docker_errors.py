# SPDX-License-Identifier: Apache-2.0
"""What an engine's words stand for.

The texts are those of an engine 20.10 in front of docker-registry, and those
that Docker Hub is known to send.
"""

import testtools

from reposync import exception
from reposync.sources import docker_errors

TEXTS = (
    ("manifest unknown: manifest unknown", exception.ReferenceNotFound),
    ("manifest for h:5/a:x not found: manifest unknown: manifest unknown",
     exception.ReferenceNotFound),
    ("pull access denied for a, repository does not exist or may require "
     "'docker login': denied: requested access to the resource is denied",
     exception.ReferenceNotFound),
    ('Head "http://h:5/v2/a/manifests/x": no basic auth credentials',
     exception.RegistryDenied),
    ("unauthorized: authentication required", exception.RegistryDenied),
    ("denied: requested access to the resource is denied",
     exception.RegistryDenied),
    ("toomanyrequests: You have reached your pull rate limit.",
     exception.RateLimited),
    ("no matching manifest for linux/s390x in the manifest list entries",
     exception.PlatformNotFound),
    ("write /var/lib/docker/tmp/x: no space left on device",
     exception.SourceDiskFull),
    ('Get "http://h:1/v2/": dial tcp 127.0.0.1:1: connect: connection '
     "refused", exception.SourceUnavailable),
    ("something new", exception.SourceUnavailable),
)  # fmt: skip


class TranslateTest(testtools.TestCase):
    """Kinds, texts and times."""

    def test_kinds(self):
        for text, kind in TEXTS:
            error = docker_errors.translate(text, "a:x", "linux/amd64")
            self.assertIs(kind, type(error), text)

    def test_a_rate_limit_has_its_time(self):
        for text, seconds in (
            ("toomanyrequests: retry-after: 30", 30),
            ("Too Many Requests, try again in 5 min", 300),
            ("toomanyrequests: slow down", 900),
        ):
            error = docker_errors.translate(text, "a:x")
            self.assertEqual(seconds, error.retry_after)
            self.assertRegex(error.message, r"Next attempt at 20\d\d-")

    def test_no_secret_is_passed_on(self):
        text = 'Get "https://user:pass@h/v2/?token=abc": EOF\nx' + "y" * 999
        error = docker_errors.translate(text, "a:x")
        for secret in ("pass", "abc", "\n"):
            self.assertNotIn(secret, error.message)
        self.assertLess(len(error.message), 400)
