# SPDX-License-Identifier: Apache-2.0
"""A driver that dies at any point of an update, and one that comes after."""

import itertools

import testscenarios

from reposync import exception
from tests.fixtures import one_server
from tests.unit.drivers import one_base


class CrashTest(testscenarios.WithScenarios, one_base.OpenNebulaCase):
    """Each call in turn is the last one that is sent."""

    scenarios = testscenarios.multiply_scenarios(
        [("file", {"mode": "file"}), ("docker", {"mode": "docker"})],
        [
            ("in one request", {"multicall": True}),
            ("one by one", {"multicall": False}),
        ],
        [("heard", {"heard": True}), ("unheard", {"heard": False})],
    )

    def setUp(self):
        super().setUp()
        self.one.multicall = self.multicall

    def die_at(self, number):
        """Lose the connection at a call, for good.

        A call that is heard is done, but nobody learns of it.
        """
        counted = itertools.count()
        dead = []

        def before(method):
            if dead or (not self.heard and next(counted) == number):
                dead.append(method)
                raise one_server.Gone

        def after(method):
            if self.heard and next(counted) == number:
                dead.append(method)
                raise one_server.Gone

        self.one.before, self.one.after = before, after
        return dead

    def revive(self):
        self.one.before = self.one.after = lambda method: None

    def test_the_next_attempt_finds_its_way(self):
        first, _ = self.update(b"first")
        for number in itertools.count():
            content = f"content {number}".encode()
            dead = self.die_at(number)
            try:
                self.update(content, driver=self.make_driver())
            except exception.CatalogueUnavailable:
                pass
            self.revive()
            if not dead:
                break
            # What was or what shall be: never nothing, never a half.
            [*shown] = self.listed()
            self.assertTrue(shown, number)
            for image in shown:
                self.assertTrue(self.stored(image.id), number)
            self.update(content, driver=self.make_driver())
            [made] = self.all_images()
            self.assertEqual((self.name, content), (made.name, made.data))
            self.assertEqual(0, self.left_overs(), number)
        self.assertGreater(number, 8)
