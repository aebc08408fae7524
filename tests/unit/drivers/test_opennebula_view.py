# SPDX-License-Identifier: Apache-2.0
"""Whose images in OpenNebula are shown, to an account that sees all."""

import dataclasses

from reposync import exception
from tests.contract import driver as contract
from tests.fixtures import one_cloud
from tests.unit.drivers import one_base


class ViewTest(one_base.OpenNebulaCase):
    """``images``, ``image`` and ``delete``."""

    mode = "docker"

    def ids(self, *args):
        found = self.driver.images(contract.EVERYTHING, *args)
        return [int(image.id) for image in found]

    def test_an_administrator_shows_what_others_may_see(self):
        mine, _ = self.update(b"one")
        user = one_cloud.User(
            7, "somebody", "opennebulapass", self.cloud.groups[1]
        )
        made = self.cloud.images[int(mine.id)]
        own, users = self.cloud.oneadmin.group, user.group
        for number, mode, group in (
            (50, "600", own),
            (51, "640", own),
            (52, "604", users),
            (53, "640", users),
            (54, "777", own),
        ):
            self.cloud.images[number] = dataclasses.replace(
                made, id=number, user=user, mode=mode, group=group
            )
        for pool, expected in (
            ("all", [54, 52, 51]),
            ("mine", []),
            ("group", [54, 51]),
            ("groups", [54, 51]),
        ):
            self.driver = self.make_driver(pool=pool)
            self.assertEqual([*expected, made.id], self.ids(), pool)
            for number in range(50, 55):
                self.shown(number, number in expected)

    def shown(self, number, expected):
        """See whether an image is like one that is not there."""
        known = str(number)
        if expected:
            self.assertEqual(known, self.driver.image(known).id)
            self.ids(known)
            return
        for call in (self.driver.image, self.driver.delete, self.ids):
            unknown, other = (
                self.assertRaises(exception.ImageNotFound, call, each).message
                for each in ("99", known)
            )
            self.assertEqual(unknown.replace("99", known), other)
