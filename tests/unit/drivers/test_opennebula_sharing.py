# SPDX-License-Identifier: Apache-2.0
"""Sharing by an account that is not the administrator's."""

from reposync import exception
from tests.unit.drivers import one_base


class SharingTest(one_base.RefusalCase):
    """Rights that an account cannot give are refused before a copy."""

    def setUp(self):
        super().setUp()
        self.use_account()

    def refused_early(self, kind, *words, **options):
        """See that it fails at the start, and before anything is fetched."""
        self.driver = self.make_driver(**options)
        error = self.assertRaises(kind, self.driver.check)
        self.one.calls.clear()
        opened = self.source.opened
        self.refused(kind, *words)
        self.assertEqual(opened, self.source.opened)
        self.assertNotIn("one.image.allocate", self.one.calls)
        for word in words:
            self.assertIn(word, error.message)

    def test_bits_to_administer(self):
        for mode in ("740", "650", "641", "777"):
            self.refused_early(
                exception.CatalogueUnsuitable, mode, "oneadmin", mode=mode
            )

    def test_rights_that_the_service_needs(self):
        for mode in ("440", "240", "044"):
            self.refused_early(
                exception.CatalogueUnsuitable, mode, "begin", mode=mode
            )

    def test_a_group_that_the_account_is_not_in(self):
        for group in ("oneadmin", "0", "nowhere"):
            self.refused_early(
                exception.CatalogueUnsuitable, "it shows users", group=group
            )

    def test_a_rule_for_some_images(self):
        self.driver = self.make_driver(
            mode="640", share=["busybox oneadmin 644"]
        )
        error = self.assertRaises(
            exception.CatalogueUnsuitable, self.driver.check
        )
        self.assertIn("'oneadmin'", error.message)
        # Others have nothing to do with it.
        self.update(b"one")

    def test_what_an_account_can_do(self):
        for mode in ("600", "640", "644", "660", "666"):
            self.driver = self.make_driver(group="users", mode=mode)
            self.driver.check()
            image, _ = self.update(b"one")
            found = self.cloud.images[int(image.id)]
            self.assertEqual(("users", mode), (found.group.name, found.mode))

    def test_an_administrator_may_do_more(self):
        self.driver = self.make_driver(user="oneadmin", mode="741")
        self.driver.check()
        image, _ = self.update(b"one")
        self.assertEqual("741", self.cloud.images[int(image.id)].mode)

    def test_rights_of_others_that_the_front_end_forbids(self):
        self.update(b"one")
        self.cloud.others = False
        self.driver = self.make_driver(mode="644")
        self.one.calls.clear()
        self.refused(exception.CatalogueDenied, "ENABLE_OTHER_PERMISSIONS")
        self.assertNotIn("one.image.allocate", self.one.calls)
