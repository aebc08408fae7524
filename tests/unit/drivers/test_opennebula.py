# SPDX-License-Identifier: Apache-2.0
"""The OpenNebula driver, on a front end that does as a real one did."""

from reposync import exception
from tests.contract import driver as contract
from tests.unit.drivers import one_base


class FileTest(contract.DriverContract, one_base.OpenNebulaCase):
    """The contract, with archives as files."""

    mode = "file"


class DockerTest(contract.DriverContract, one_base.OpenNebulaCase):
    """The contract, with images that OpenNebula fetches by itself.

    The archive is never opened.  So a copy fails in the datastore, and what
    is known of an image is what the source tells without it.
    """

    mode = "docker"

    def setUp(self):
        super().setUp()
        self.source.tell_more = True
        self.pulled = self.cloud.registry

    def update(self, *args, **kwargs):
        try:
            return super().update(*args, **kwargs)
        finally:
            self.assertEqual(0, self.source.opened)

    def fail(self, name):
        raise OSError("the registry hung up")

    def test_new(self):
        image, outcome = self.update(b"one")
        self.assertEqual(
            ("created", "docker", self.reference.name, "1.0", "active"),
            (
                outcome,
                image.type,
                image.docker_name,
                image.docker_tag,
                image.status,
            ),
        )
        # OpenNebula counts in MiB; the archive was never seen.
        self.assertEqual(1024 * 2**20, image.size)
        self.assertEqual(b"one", self.stored(image.id))
        [made] = self.all_images()
        self.assertEqual(f"docker://{self.reference}", made.path)

    def test_a_copy_that_fails_leaves_the_old_image_alone(self):
        old, _ = self.update(b"one")
        self.cloud.registry = self.fail
        error = self.assertRaises(
            exception.CatalogueUnavailable, self.update, b"broken"
        )
        self.assertIn("the registry hung up", error.message)
        self.assertEqual(old.id, self.current().id)
        self.assertEqual(0, self.left_overs())

    def test_a_first_copy_that_fails_leaves_nothing(self):
        self.cloud.registry = self.fail
        self.assertRaises(
            exception.CatalogueUnavailable, self.update, b"broken"
        )
        self.assertEqual([], self.all_images())

    def test_an_incomplete_source_gives_an_image_without_labels(self):
        self.source.tell_more = False
        self.source.labels = {"eu.indigo-datacloud.type": "linux"}
        image, _ = self.update(b"one")
        self.assertIsNone(image.docker_id)
        self.assertIsNone(image.os)
        self.assertTrue(image.docker_digest)
        _, outcome = self.update(b"one")
        self.assertEqual("unchanged", outcome)
