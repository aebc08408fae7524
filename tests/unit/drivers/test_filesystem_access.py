# SPDX-License-Identifier: Apache-2.0
"""Who gets at the images of the filesystem driver."""

import json
import os
import stat

from oslo_utils import uuidutils

from reposync import exception
from reposync.drivers.filesystem import driver
from reposync.drivers.opennebula import staging
from tests.contract import driver as contract
from tests.unit import base

STRANGER = 65534


class AccessTest(contract.DriverCase, base.TestCase):
    """Modes, owners, and links."""

    def setUp(self):
        super().setUp()
        self.root = self.path / "a" / "images"
        self.config(directory=str(self.root), group="filesystem")
        self.driver = driver.FilesystemDriver(self.conf)

    def modes(self):
        """Give the modes below the directory, and its own, by name."""
        found = {
            path.name: stat.S_IMODE(path.stat().st_mode)
            for path in self.root.rglob("*.*")
        }
        folders = [self.root.parent, self.root, *self.root.iterdir()]
        found["folders"] = {
            stat.S_IMODE(path.stat().st_mode) for path in folders
        }
        return found

    def test_a_group_may_read_whatever_the_umask_is(self):
        expected = {
            "image.tar": 0o640, "image.json": 0o640, "folders": {0o750}
        }  # fmt: skip
        for umask in (0, 0o022, 0o077):
            self.addCleanup(os.umask, os.umask(umask))
            self.update(f"with {umask}".encode())
            self.assertEqual(expected, self.modes())

    def test_the_files_of_a_copy_are_nobody_elses(self):
        self.addCleanup(os.umask, os.umask(0))
        seen = []
        self.source.on_piece = lambda number: seen.append(self.modes())
        self.update(b"one")
        self.assertEqual({0o750}, seen[0]["folders"])
        self.assertEqual(0o640, seen[0]["image.tar"])

    def test_the_group_of_the_directory_is_that_of_its_images(self):
        self.root.mkdir(parents=True)
        self.root.chmod(0o2750)
        image, _ = self.update(b"one")
        folder = self.root / image.id
        self.assertEqual(0o2750, stat.S_IMODE(folder.stat().st_mode))

    def refused(self, text):
        """All that touches the directory is refused, with a reason."""
        image_id = uuidutils.generate_uuid()
        for call in (
            self.listed,
            self.driver.check,
            lambda: self.update(b"two"),
            lambda: self.driver.current(contract.PLATFORM),
            lambda: self.driver.image(image_id),
            lambda: self.driver.delete(image_id),
        ):
            error = self.assertRaises(exception.CatalogueDenied, call)
            self.assertIn(text, error.message)

    def test_a_directory_that_others_may_write_to(self):
        self.update(b"one")
        self.root.chmod(0o777)
        self.refused(f"chmod o-w {self.root}")
        self.root.chmod(0o770)
        self.refused(f"chmod g-w {self.root}")
        self.root.chmod(0o750)
        self.root.parent.chmod(0o777)
        self.refused(f"chmod o-w {self.root.parent}")
        self.root.parent.chmod(0o755)
        self.assertEqual(1, len(self.listed()))

    def test_a_directory_of_somebody_else(self):
        if os.geteuid() != 0:
            self.skipTest("only root gives things away")
        self.update(b"one")
        os.chown(self.root, STRANGER, -1)
        self.refused("belongs to")

    def test_an_image_that_somebody_else_put_there_is_none(self):
        if os.geteuid() != 0:
            self.skipTest("only root gives things away")
        image, _ = self.update(b"one")
        os.chown(self.root / image.id, STRANGER, -1)
        self.assertEqual([], self.listed())
        self.assertIn("belongs to another account", self.log.output)

    def test_a_draft_of_a_description_that_was_left_is_no_way_out(self):
        self.update(b"one")
        image, _ = self.update(b"one")
        target = self.path / "target"
        draft = self.root / image.id / "image.json.new"
        draft.symlink_to(target)
        record = json.loads((self.root / image.id / "image.json").read_text())
        self.driver._store.update(record | {"hidden": True})
        self.assertFalse(target.exists())
        self.assertEqual([], self.listed())


class OutboxTest(base.TestCase):
    """Archives on their way to OpenNebula."""

    def test_the_front_end_may_read_them_whatever_the_umask_is(self):
        for umask in (0, 0o077):
            self.addCleanup(os.umask, os.umask(umask))
            folder = self.path / f"{umask}"
            outbox = staging.Outbox(folder, "/x")
            with outbox.parcel():
                [file] = folder.iterdir()
                modes = [
                    stat.S_IMODE(path.stat().st_mode)
                    for path in (folder, file)
                ]
            self.assertEqual([0o755, 0o644], modes)

    def test_a_directory_that_others_may_write_to(self):
        self.path.chmod(0o777)
        outbox = staging.Outbox(self.path, "/x")
        error = self.assertRaises(
            exception.CatalogueDenied, outbox.parcel().__enter__
        )
        self.assertIn(f"chmod o-w {self.path}", error.message)
        self.assertEqual([], list(self.path.iterdir()))
