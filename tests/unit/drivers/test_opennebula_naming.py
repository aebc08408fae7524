# SPDX-License-Identifier: Apache-2.0
"""Images of many names, and of earlier releases, in one account."""

from reposync import exception
from reposync import reference as ref
from tests.unit.drivers import one_base

ALIKE = (
    "host:5000/a/app:1",
    "host.x/5000/a/app:1",
    "r.io/a/b:1",
    "r.io/a_b:1",
    "r.io/a:b_1",
    "r.io/a:RC1",
    "r.io/a:rc1",
    "r.io/a:1.old-3",
)


class NamingTest(one_base.OpenNebulaCase):
    """No image is in another one's way."""

    mode = "docker"

    def pull(self, text, content=b"one"):
        return self.update(content, ref.Reference.parse(text))

    def names(self):
        return {image.name: image.template["DOCKER_NAME"] + ":"
                + image.template["DOCKER_TAG"]
                for image in self.all_images()}  # fmt: skip

    def make(self, name, text):
        """Make an image as an earlier release did."""
        reference = ref.Reference.parse(text)
        image, _ = self.pull(text)
        self.cloud.images[int(image.id)].name = name
        return reference, image

    def test_every_name_and_pattern(self):
        for version in ("6.0.0", "6.8.3", "7.4.0"):
            self.one.version = version
            for pattern in ("{name}_{tag}", "{name}:{tag}", "[{tag}]\t{name}"):
                self.driver = self.make_driver(name_template=pattern)
                for text in ALIKE:
                    self.pull(text, pattern.encode())
        self.assertEqual(set(ALIKE), set(self.names().values()))
        self.assertEqual(len(ALIKE), len(self.names()))

    def test_a_name_of_earlier_releases_stays(self):
        for old, text in (("a_my_app_1", "a/my_app:1"),):
            _, image = self.make(old, text)
            for content in (b"one", b"two", b"three"):
                self.pull(text, content)
                self.assertEqual({old: text}, self.names())
            self.assertNotIn(int(image.id), self.cloud.images)

    def test_two_images_that_would_share_a_name(self):
        self.make("a_my_app_1", "a/my_app:1")
        self.pull("a/my/app:1")
        first = self.names()
        self.assertEqual(2, len(first))
        self.pull("a/my/app:1", b"two")
        self.pull("a/my_app:1", b"two")
        self.assertEqual(first, self.names())

    def test_a_name_of_the_seed_becomes_the_right_one(self):
        self.make("host_a", "host.x:5000/a:1")
        self.pull("host.x:5000/a:1")
        self.assertEqual({"host.x@5000_a_1": "host.x:5000/a:1"}, self.names())

    def test_capitals_that_a_database_takes_for_small_letters(self):
        self.pull("r.io/a:rc1")
        self.pull("r.io/a:RC1")
        shown = [name.casefold() for name in self.names()]
        self.assertEqual(2, len(set(shown)))

    def test_a_name_that_somebody_else_has_costs_no_copy(self):
        self.make_vm_image("a_b_1")
        self.one.calls.clear()
        error = self.assertRaises(exception.CatalogueError, self.pull, "a/b:1")
        self.assertIn("name_template", error.message)
        self.assertNotIn("one.image.allocate", self.one.calls)

    def test_options_that_are_none(self):
        for name, values in (
            ("name_template", ("{digest}", "{tag", "tag", "{tag!r}", "{}")),
            ("mode", ("x640", "6400", "64", "680", "")),
        ):
            for value in values:
                self.assertRaises(
                    ValueError,
                    self.conf.set_override,
                    name,
                    value,
                    group="opennebula",
                )
