# SPDX-License-Identifier: Apache-2.0
"""The OpenNebula driver, on a front end that does as a real one did."""

from reposync import exception
from tests.contract import discard
from tests.contract import driver as contract
from tests.fixtures import memory
from tests.fixtures import one_cloud
from tests.unit.drivers import one_base


class Eager(memory.Commit):
    """Has an image removed as soon as it was announced."""

    def __init__(self, driver):
        super().__init__(lambda image: None)
        self.driver = driver
        self.found = []

    def begin(self, image_id):
        self.found.append(self.driver.discard(image_id))


class DiscardContract(discard.DiscardContract):
    """OpenNebula chooses ids: they are announced when the image is made."""

    def test_what_is_begun_is_announced_before(self):
        states = []

        class Commit(memory.Commit):
            def begin(commit, image_id):
                super().begin(image_id)
                states.append(self.cloud.images[int(image_id)].state)

        commit = Commit(self.committed.append)
        image, _ = self.update(b"one", commit=commit)
        self.assertEqual([image.id], commit.begun)
        self.assertEqual([one_cloud.LOCKED], states)

    def test_what_is_begun_can_be_removed_from_under_a_writer(self):
        old, _ = self.update(b"one")
        commit = Eager(self.driver)
        self.assertRaises(
            exception.CatalogueUnavailable, self.update, b"two", commit=commit
        )
        self.assertEqual([True], commit.found)
        self.assertEqual(old.id, self.current().id)
        self.assertEqual(0, self.left_overs())

    def test_what_others_begin_is_left_alone(self):
        image_id = self.make_vm_image("disk")
        self.cloud.images[int(image_id)].template["REPOSYNC_STAGE"] = "new"
        self.assertTrue(self.driver.discard(image_id))
        self.assertIn(int(image_id), self.cloud.images)


class FileTest(
    DiscardContract, contract.DriverContract, one_base.OpenNebulaCase
):
    """The contract, with archives as files."""

    mode = "file"


class DockerTest(
    DiscardContract, contract.DriverContract, one_base.OpenNebulaCase
):
    """The contract, with images that OpenNebula fetches by itself.

    The archive is never opened.  So a copy fails in the datastore, and what
    is known of an image is what the source tells without it.
    """

    mode = "docker"
    ways_to_tell = (True,)

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
