# SPDX-License-Identifier: Apache-2.0
"""A driver that dies at any point of an update, and one that comes after."""

import itertools

import testscenarios

from reposync import exception
from tests.fixtures import one_server
from tests.unit.drivers import one_base

_DOCKER = testscenarios.multiply_scenarios(
    [("docker", {"mode": "docker"})],
    [
        ("renamed at once", {"multicall": True}),
        ("renamed one by one", {"multicall": False}),
    ],
    [("heard", {"heard": True}), ("unheard", {"heard": False})],
    [("for good", {"for_good": True}), ("once", {"for_good": False})],
    [("then the same", {"back": False}), ("then back", {"back": True})],
)
_FILE = testscenarios.multiply_scenarios(
    [
        (
            "file",
            {
                "mode": "file",
                "multicall": True,
                "for_good": True,
                "back": False,
            },
        )
    ],
    [("heard", {"heard": True}), ("unheard", {"heard": False})],
)


class CrashTest(testscenarios.WithScenarios, one_base.OpenNebulaCase):
    """The connection is lost at each request in turn.

    A request that is heard is done, but nobody learns of it.  It is lost
    once, or for as long as the driver lives.  Then comes another driver, for
    the same content or back to the one before.
    """

    scenarios = _DOCKER + _FILE

    def setUp(self):
        super().setUp()
        self.one.multicall = self.multicall

    def attempt(self, number, content):
        """Update, losing the connection at a request.

        :returns: whether there were as many requests
        """
        counted = itertools.count()
        lost = []

        def lose():
            if (lost and self.for_good) or next(counted) == number:
                lost.append(number)
                raise one_server.Gone

        if self.heard:
            self.one.after = lose
        else:
            self.one.before = lose
        try:
            self.update(content, driver=self.make_driver())
        except exception.CatalogueUnavailable:
            self.assertTrue(lost)
        self.one.before = self.one.after = lambda: None
        return bool(lost)

    def look(self, number):
        """Make sure that there is something, and nothing half."""
        shown = self.listed()
        self.assertTrue(shown, number)
        for image in shown:
            self.assertTrue(self.stored(image.id), number)
        if self.multicall:
            names = [image.name for image in self.all_images()]
            self.assertIn(self.name, names, number)

    def update_straight(self, content):
        """Update; once users find the content, they go on finding it."""
        seen = []

        def see():
            named = [i for i in self.all_images() if i.name == self.name]
            seen.append([image.data for image in named] == [content])

        self.one.after = see
        self.update(content, driver=self.make_driver())
        self.one.after = lambda: None
        self.assertEqual(sorted(seen), seen)

    def test_the_next_attempt_finds_its_way(self):
        self.update(b"first")
        before = b"first"
        for number in itertools.count():
            content = f"content {number}".encode()
            if not self.attempt(number, content):
                break
            self.look(number)
            wanted = before if self.back else content
            self.update(wanted, driver=self.make_driver())
            [made] = self.all_images()
            self.assertEqual((self.name, wanted), (made.name, made.data))
            self.assertEqual(0, self.left_overs(), number)
            before = wanted
        self.assertGreater(number, 6)

    def test_a_former_image_comes_back(self):
        if self.mode == "file":
            self.skipTest("nothing is handed over")
        self.make_driver(keep_previous=1)
        contents = [b"one", b"two"]
        for content in contents:
            self.update(content)
        ids = {image.id for image in self.all_images()}
        for number in itertools.count():
            contents.reverse()
            if not self.attempt(number, contents[1]):
                break
            self.look(number)
            wanted = contents[0] if self.back else contents[1]
            self.update_straight(wanted)
            self.update(contents[1], driver=self.make_driver())
            kept = {image.name: image.data for image in self.all_images()}
            # Nothing was fetched again.
            self.assertEqual(ids, {image.id for image in self.all_images()})
            self.assertEqual(contents[1], kept[self.name])
        self.assertGreater(number, 2)
