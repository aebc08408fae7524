# SPDX-License-Identifier: Apache-2.0
"""Who may write to a directory, and the modes of what is made."""

import os
import stat

from reposync import permissions
from tests.unit import base

#: An account that is neither this one nor root.
STRANGER = 65534


def mode(path):
    """Give the mode of a path."""
    return stat.S_IMODE(path.lstat().st_mode)


class UmaskTest(base.TestCase):
    """Modes do not depend on the umask."""

    def with_umask(self, umask):
        self.addCleanup(os.umask, os.umask(umask))

    def test_directories(self):
        for umask in (0, 0o022, 0o077, 0o777):
            self.with_umask(umask)
            path = self.path / f"{umask:o}" / "a" / "b"
            permissions.ensure(path, permissions.DIRECTORY)
            permissions.ensure(path, permissions.DIRECTORY)
            for each in (path, path.parent, path.parent.parent):
                self.assertEqual(0o750, mode(each))

    def test_files(self):
        for umask in (0, 0o022, 0o077, 0o777):
            self.with_umask(umask)
            path = self.path / f"file-{umask:o}"
            opener = permissions.opener(permissions.FILE)
            with open(path, "xb", opener=opener) as file:
                file.write(b"content")
            self.assertEqual(0o640, mode(path))

    def test_the_group_of_a_directory_is_passed_on(self):
        self.path.chmod(0o2750)
        permissions.create(self.path / "a", permissions.DIRECTORY)
        self.assertEqual(0o2750, mode(self.path / "a"))

    def test_no_link_is_followed(self):
        target = self.path / "target"
        (self.path / "link").symlink_to(target)
        opener = permissions.opener(permissions.FILE)
        self.assertRaises(
            OSError, open, self.path / "link", "wb", opener=opener
        )
        self.assertFalse(target.exists())

    def test_what_is_no_directory(self):
        path = self.path / "file"
        path.touch()
        self.assertRaises(FileExistsError, permissions.ensure, path, 0o750)


class DangerTest(base.TestCase):
    """Directories in which others could change something."""

    def setUp(self):
        super().setUp()
        self.directory = self.path / "above" / "it"
        permissions.ensure(self.directory, permissions.DIRECTORY)
        self.above = self.directory.parent

    def give_away(self, path):
        if os.geteuid() != 0:
            self.skipTest("only root gives things away")
        os.chown(path, STRANGER, -1, follow_symlinks=False)

    def danger(self, path=None):
        return permissions.danger(path or self.directory) or ""

    def test_good_ones(self):
        self.assertEqual("", self.danger())
        self.assertEqual("", self.danger(self.directory / "not" / "there"))
        for each in (0o700, 0o755, 0o2750):
            self.directory.chmod(each)
            self.assertEqual("", self.danger())

    def test_others_may_write(self):
        for each, text in (
            (0o770, "its group may write"),
            (0o757, "everybody may write"),
            (0o1777, "everybody may write"),
        ):
            self.directory.chmod(each)
            self.assertRegex(self.danger(), f"{text} .*: chmod [go]-w /")

    def test_others_may_write_above(self):
        self.above.chmod(0o777)
        self.assertIn(f"everybody may write to {self.above}", self.danger())
        missing = self.above / "not" / "there"
        self.assertIn("everybody may write", self.danger(missing))
        # As in /tmp: only its owner may take a thing away.
        self.above.chmod(0o1777)
        self.assertEqual("", self.danger())

    def test_a_stranger_owns_it(self):
        self.give_away(self.directory)
        self.assertIn(f"{self.directory} belongs to", self.danger())

    def test_a_stranger_owns_what_is_above(self):
        self.give_away(self.above)
        self.assertIn(f"{self.above} belongs to", self.danger())

    def test_links(self):
        link = self.path / "link"
        link.symlink_to("above/../above/it")
        self.assertEqual("", self.danger(link))
        self.directory.chmod(0o777)
        self.assertIn("everybody may write", self.danger(link))
        self.directory.chmod(0o700)
        self.above.chmod(0o777)
        self.assertIn("everybody may write", self.danger(link))

    def test_a_stranger_owns_a_link(self):
        link = self.path / "link"
        link.symlink_to(self.directory)
        self.give_away(link)
        self.assertIn(f"{link} belongs to", self.danger(link / "more"))

    def test_links_in_a_circle(self):
        (self.path / "a").symlink_to("b")
        (self.path / "b").symlink_to("a")
        self.assertRaises(
            (OSError, RuntimeError), permissions.danger, self.path / "a"
        )

    def test_a_file_on_the_way(self):
        (self.path / "file").touch()
        for path in (self.path / "file", self.path / "file" / "more"):
            try:
                self.assertEqual("", self.danger(path))
            except NotADirectoryError as error:
                self.assertIn("file", str(error))
