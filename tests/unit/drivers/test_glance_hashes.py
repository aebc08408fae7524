# SPDX-License-Identifier: Apache-2.0
"""Glance may hash as it likes: what is stored is compared all the same."""

from reposync import exception
from reposync import reference as ref
from tests.fixtures import fake_glance
from tests.unit.drivers import glance_base

OTHERS = ("sha1", "sha256", "md5", "blake2b", "sha3_512", "SHA256")


class HashTest(glance_base.GlanceTestCase):
    """What is compared, and what that costs."""

    def more(self, content, tag="2"):
        return self.update(
            content, ref.Reference.parse(f"{self.reference.name}:{tag}")
        )

    def test_the_usual_hash_costs_nothing_more(self):
        self.update(b"one")
        self.assertEqual((1, 0), (self.uploads(), self.read_back()))

    def test_another_hash_is_learnt_from_the_first_upload(self):
        for algorithm in OTHERS:
            glance = fake_glance.FakeGlance()
            glance.algorithm = algorithm
            self.glance = self.useFixture(glance)
            self.driver = self.make_driver()
            for number in range(3):
                _, outcome = self.more(b"some bytes", f"t{number}")
                self.assertEqual("created", outcome, algorithm)
            self.assertEqual(3, self.uploads(), algorithm)
            self.assertEqual(1, self.read_back(), algorithm)

    def test_another_hash_is_learnt_from_what_is_there(self):
        self.glance.algorithm = "sha256"
        self.update(b"one")
        self.driver = self.make_driver()
        self.update(b"two")
        self.driver = self.make_driver()
        self.driver.current("linux/amd64")
        self.more(b"three")
        self.assertEqual((3, 1), (self.uploads(), self.read_back()))

    def test_a_change_while_it_runs_is_followed(self):
        for algorithm in ("sha512", "sha256", "sha256", "sha512"):
            self.glance.algorithm = algorithm
            self.update(algorithm.encode() * self.uploads() + b"x")
        self.assertEqual((4, 2), (self.uploads(), self.read_back()))

    def test_without_a_hash_size_and_checksum_count(self):
        self.glance.algorithm = None
        self.update(b"one")
        self.update(b"two")
        self.assertEqual(1, self.read_back())
        self.glance.on("PUT", self.spoil)
        self.assertRaises(exception.ImageDamaged, self.update, b"three")
        self.assertEqual(1, len(self.listed()))

    def test_a_hash_that_nobody_knows_here(self):
        self.glance.algorithm = "blake9"
        self.update(b"one")
        self.assertEqual(1, self.read_back())
        self.glance.checksums = False
        self.update(b"two")
        self.assertEqual(1, self.read_back())

    def test_with_neither_the_size_counts(self):
        self.glance.algorithm, self.glance.checksums = None, False
        self.update(b"one")
        self.assertEqual(0, self.read_back())
        self.glance.on("PUT", self.shorten)
        error = self.assertRaises(exception.ImageDamaged, self.update, b"two")
        self.assertIn("size", error.message)

    def test_damage_is_found_whatever_the_hash(self):
        for algorithm in ("sha512", "sha256", "blake9"):
            self.glance.algorithm = algorithm
            self.glance.on("PUT", self.spoil)
            self.assertRaises(exception.ImageDamaged, self.update, b"one")
            self.assertEqual({}, self.glance.records, algorithm)

    def test_where_nobody_may_read_the_size_counts(self):
        self.glance.algorithm = "sha256"
        self.glance.on("GET .*/file", lambda handler: handler.json({}, 403))
        for tag in ("1", "2"):
            self.more(b"one", tag)
        self.assertEqual((2, 1), (self.uploads(), self.read_back()))

    def spoil(self, handler):
        handler.body = bytes(len(handler.body))

    def shorten(self, handler):
        handler.body = handler.body[1:]
