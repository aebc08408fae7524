# SPDX-License-Identifier: Apache-2.0
"""Whose images in Glance are shown, to an account that sees all."""

import itertools

from reposync import exception
from tests.contract import driver as contract
from tests.fixtures import fake_glance
from tests.unit.drivers import glance_base

_STRANGER = "5" * 32
_SHOWN = ("public", "community")
_VISIBILITIES = ("private", "shared", *_SHOWN)


class ListingTest(glance_base.GlanceTestCase):
    """``images``, ``image`` and ``delete``."""

    def keep(self, owner, visibility, second=0):
        """Keep an image; returns its id."""
        number = len(self.glance.records)
        image_id = f"i{number}"
        self.glance.records[image_id] = {
            "id": image_id,
            "name": image_id,
            "status": "active",
            "container_format": "docker",
            "docker_id": "sha256:1",
            "docker_name": "team/app",
            "docker_tag": "1",
            "owner": owner,
            "visibility": visibility,
            "created_at": f"2026-01-01T00:00:{second:02}Z",
        }
        return image_id

    def ids(self, marker=None):
        found = self.driver.images(contract.EVERYTHING, marker)
        return [image.id for image in found]

    def paged(self, size):
        """List in pages, each by a driver of its own call."""
        seen, marker = [], None
        while True:
            found = self.driver.images(contract.EVERYTHING, marker)
            page = [image.id for image in itertools.islice(found, size)]
            seen += page
            if len(page) < size:
                return seen
            marker = page[-1]

    def test_the_own_ones_and_those_for_everybody(self):
        own = [self.keep(fake_glance.PROJECT, each) for each in _VISIBILITIES]
        others = {each: self.keep(_STRANGER, each) for each in _VISIBILITIES}
        nobodys = self.keep(None, "private")
        shown = {*own, *(others[each] for each in _SHOWN)}
        self.assertEqual(shown, set(self.ids()))
        self.assertEqual(len(shown), len(self.ids()))
        for image_id in shown:
            self.assertEqual(image_id, self.driver.image(image_id).id)
        for each in _SHOWN:
            self.assertRaises(
                exception.ImageNotManaged, self.driver.delete, others[each]
            )
        for image_id in (nobodys, others["private"], others["shared"]):
            self.hidden(image_id)
            self.assertIn(image_id, self.glance.records)

    def hidden(self, image_id):
        """Another project's image is to be like one that is not there."""
        for call in (self.driver.image, self.driver.delete, self.ids):
            unknown, other = (
                self.assertRaises(exception.ImageNotFound, call, each).message
                for each in ("unknown", image_id)
            )
            self.assertEqual(unknown, other.replace(image_id, "unknown"))

    def test_others_are_not_even_asked_for(self):
        self.ids()
        self.assertEqual(
            self.glance.count(r"GET /v2/images\?"),
            self.glance.count(r"GET .*(owner=|visibility=(public|community))"),
        )

    def mix(self):
        """Keep images of all kinds, some made in the same second."""
        owners = (fake_glance.PROJECT, _STRANGER)
        kinds = itertools.cycle(itertools.product(owners, _VISIBILITIES))
        for number, (owner, visibility) in zip(range(33), kinds, strict=False):
            self.keep(owner, visibility, second=number // 5)

    def orderly(self):
        everything = self.ids()
        records = self.glance.records
        shown = [
            image_id
            for image_id, record in records.items()
            if record["owner"] == fake_glance.PROJECT
            or record["visibility"] in _SHOWN
        ]
        self.assertEqual(sorted(shown), sorted(everything))
        times = [records[each]["created_at"] for each in everything]
        self.assertEqual(sorted(times, reverse=True), times)
        for size in (1, 2, 7):
            self.assertEqual(everything, self.paged(size))

    def test_pages_hold_each_image_once_and_the_newest_first(self):
        self.mix()
        self.orderly()

    def test_a_later_page_asks_for_older_ones_only(self):
        self.mix()
        self.ids("i8")
        self.assertEqual(2, self.glance.count("created_at=lt%3A"))
        self.assertEqual(1, self.glance.count("marker=i8"))

    def test_a_cloud_that_cannot_compare_times(self):
        self.mix()
        self.glance.on("created_at=lt", lambda handler: handler.json({}, 400))
        self.orderly()

    def test_a_cloud_that_ignores_whatever_is_chosen_by(self):
        self.mix()

        def everything(handler):
            found = list(reversed(self.glance.records.values()))
            ids = [record["id"] for record in found]
            _, _, marker = handler.path.partition("marker=")
            first = marker.partition("&")[0]
            begin = ids.index(first) + 1 if first else 0
            return handler.json({"images": found[begin:]})

        self.glance.on(r"GET /v2/images\?", everything)
        self.orderly()

    def test_a_cloud_without_community_images(self):
        own = self.keep(fake_glance.PROJECT, "private")
        self.glance.on(
            "visibility=community", lambda handler: handler.json({}, 400)
        )
        self.assertEqual([own], self.ids())

    def test_public_images_that_cannot_be_listed(self):
        self.glance.on(
            "visibility=public", lambda handler: handler.json({}, 400)
        )
        self.assertRaises(exception.CatalogueError, self.ids)
