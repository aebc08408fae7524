# SPDX-License-Identifier: Apache-2.0
"""The filesystem driver."""

import fcntl
import json
import os

from oslo_utils import uuidutils

from reposync import exception
from reposync.drivers.filesystem import driver
from reposync.drivers.filesystem import store as filesystem_store
from tests.contract import discard
from tests.contract import driver as contract
from tests.unit import base


class FilesystemTest(
    discard.DiscardContract, contract.DriverContract, base.TestCase
):
    """The contract, and what is particular."""

    def setUp(self):
        super().setUp()
        self.root = self.path / "images"
        self.config(directory=str(self.root), group="filesystem")
        self.driver = self.make_driver()

    def make_driver(self, **options):
        self.config(**options, group="filesystem")
        return driver.FilesystemDriver(self.conf)

    def stored(self, image_id):
        return (self.root / image_id / "image.tar").read_bytes()

    def left_overs(self):
        return len(list(self.root.iterdir())) - len(
            list(self.driver.images(contract.EVERYTHING))
        )

    def make_vm_image(self, name):
        image_id = uuidutils.generate_uuid()
        folder = self.root / image_id
        folder.mkdir(parents=True)
        (folder / "image.json").write_text(
            json.dumps({"name": name, "type": "vm", "status": "active"})
        )
        return image_id

    def test_what_is_no_image_is_left_out(self):
        image, _ = self.update(b"one")
        for text in ("", "[]", "{", '{"type": 5}'):
            folder = self.root / uuidutils.generate_uuid()
            folder.mkdir()
            (folder / "image.json").write_text(text)
        (self.root / "notes.txt").write_text("mine")
        (self.root / uuidutils.generate_uuid()).symlink_to(
            self.root / image.id
        )
        self.assertEqual(image.id, self.current().id)

    def test_what_a_dead_process_left_is_removed(self):
        dead = self.root / f".new-{uuidutils.generate_uuid()}"
        dead.mkdir(parents=True)
        (dead / "image.tar").write_bytes(b"half")
        self.update(b"one")
        self.assertEqual(0, self.left_overs())

    def test_what_another_process_writes_is_left_alone(self):
        busy = self.root / f".new-{uuidutils.generate_uuid()}"
        busy.mkdir(parents=True)
        handle = os.open(busy, os.O_RDONLY)
        self.addCleanup(os.close, handle)
        fcntl.flock(handle, fcntl.LOCK_EX)
        self.update(b"one")
        self.assertTrue(busy.exists())

    def test_a_disk_that_lies_is_found_out(self):
        store = filesystem_store
        read = store.read_hash
        self.addCleanup(setattr, store, "read_hash", read)
        store.read_hash = lambda path: "something else"
        self.assertRaises(exception.ImageDamaged, self.update, b"one")
        self.assertEqual([], list(self.root.iterdir()))

    def test_a_full_disk_says_so(self):
        def fill(number):
            raise OSError(28, "No space left on device")

        self.source.on_piece = fill
        error = self.assertRaises(
            exception.CatalogueQuotaExceeded, self.update, b"one"
        )
        self.assertIn("No space left", error.message)

    def test_the_hash_is_kept(self):
        image, _ = self.update(b"one")
        text = (self.root / image.id / "image.json").read_text()
        record = json.loads(text)
        self.assertEqual("sha512", record["os_hash_algo"])
        path = self.root / image.id / "image.tar"
        self.assertEqual(
            filesystem_store.read_hash(path), record["os_hash_value"]
        )
