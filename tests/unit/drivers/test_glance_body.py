# SPDX-License-Identifier: Apache-2.0
"""The body of an upload to Glance."""

import hypothesis
from hypothesis import strategies
import requests.utils
import testtools

from reposync import exception
from reposync.drivers.glance import client as glance_client


class BodyTest(testtools.TestCase):
    """Never more bytes than were announced, and never fewer unnoticed."""

    @hypothesis.settings(
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    @hypothesis.given(
        strategies.lists(strategies.binary(max_size=9), max_size=5),
        strategies.integers(0, 30),
    )
    def test_the_length_is_kept(self, pieces, size):
        body = glance_client.Body(iter(pieces), size)
        self.assertEqual(size, requests.utils.super_len(body))
        sent = bytearray()
        whole = b"".join(pieces)
        try:
            for piece in body:
                sent += piece
        except exception.ArchiveDamaged:
            self.assertNotEqual(size, len(whole))
        else:
            self.assertEqual(size, len(whole))
        self.assertLessEqual(len(sent), size)
        self.assertTrue(whole.startswith(sent))

    def test_an_unknown_length(self):
        body = glance_client.Body(iter([b"a", b"bc"]), None)
        self.assertEqual(b"abc", b"".join(body))

    def test_it_is_sent_once(self):
        for size in (None, 1):
            body = glance_client.Body([b"a"], size)
            self.assertEqual([b"a"], list(body))
            self.assertRaises(exception.CatalogueUnavailable, iter, body)
