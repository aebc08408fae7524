# SPDX-License-Identifier: Apache-2.0
"""The directory of the standalone mode, and what its start prints."""

import contextlib
import io
import os
import sqlite3
import stat

from reposync.cmd import home
from reposync.cmd import standalone
from tests.unit import base

STRANGER = 65534


def mode(path):
    """Give the mode of a path."""
    return stat.S_IMODE(path.stat().st_mode)


class HomeTest(base.TestCase):
    """It is its owner's alone."""

    def setUp(self):
        super().setUp()
        self.addCleanup(os.umask, os.umask(0))
        self.directory = self.path / "above" / "data"

    def prepared(self):
        directory, new, lock = home.prepare(str(self.directory))
        lock.close()
        self.assertEqual(self.directory, directory)
        return new

    def refused(self, text):
        """Its directory ends the program, and stays as it is."""
        before = mode(self.directory)
        error = self.assertRaises(SystemExit, self.prepared)
        self.assertIn("[standalone] directory = ", str(error))
        self.assertIn(text, str(error))
        self.assertEqual(before, mode(self.directory))

    def files(self):
        return {path.name: mode(path) for path in self.directory.iterdir()}

    def test_the_first_start_whatever_the_umask_is(self):
        self.assertTrue(self.prepared())
        self.assertEqual(0o700, mode(self.directory))
        self.assertEqual(0o700, mode(self.directory.parent))
        self.assertEqual(
            {"lock": 0o600, "repositories.list": 0o600, "token": 0o600},
            self.files(),
        )
        self.assertEqual(65, len((self.directory / "token").read_text()))
        self.assertFalse(self.prepared())

    def test_what_the_process_makes_later_is_its_own_too(self):
        self.prepared()
        path = self.directory / home.DATABASE
        database = sqlite3.connect(path)
        self.addCleanup(database.close)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE x (y)")
        database.commit()
        found = self.files()
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            self.assertEqual(0o600, found[name])

    def test_one_that_is_there_is_tightened(self):
        for each in (0o755, 0o777):
            self.directory.mkdir(parents=True, exist_ok=True)
            self.directory.chmod(each)
            self.directory.parent.chmod(0o755)
            home._tighten(self.directory)
            self.assertEqual(0o700, mode(self.directory))

    def test_files_of_an_earlier_release_are_tightened(self):
        self.prepared()
        for name in home._FILES:
            (self.directory / name).touch()
            (self.directory / name).chmod(0o644)
        (self.directory / "images").mkdir()
        self.directory.chmod(0o755)
        self.prepared()
        self.assertEqual(0o700, mode(self.directory))
        self.assertEqual({0o600}, {self.files()[name] for name in home._FILES})

    def test_a_list_that_is_a_link_is_left_alone(self):
        shared = self.path / "list"
        shared.touch(0o644)
        self.prepared()
        (self.directory / "repositories.list").unlink()
        (self.directory / "repositories.list").symlink_to(shared)
        self.prepared()
        self.assertEqual(0o644, mode(shared))

    def test_one_that_others_could_write_to(self):
        self.prepared()
        self.directory.chmod(0o770)
        self.refused(f"chmod 700 {self.directory}")

    def test_one_that_is_for_something_else(self):
        (self.directory / "photos").mkdir(parents=True)
        self.directory.chmod(0o755)
        self.directory.parent.chmod(0o755)
        self.refused("it has photos")

    def test_one_of_somebody_else(self):
        if os.geteuid() != 0:
            self.skipTest("only root gives things away")
        self.prepared()
        os.chown(self.directory, STRANGER, -1)
        self.refused("belongs to")

    def test_one_that_could_be_exchanged(self):
        self.prepared()
        self.directory.parent.chmod(0o777)
        self.refused(f"everybody may write to {self.directory.parent}")


class Output(io.StringIO):
    """Stands for a terminal, or for a pipe."""

    def __init__(self, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


class GreetingTest(base.TestCase):
    """The token is for a person, and not for a log."""

    def said(self, terminal, new):
        self.conf.set_override("bind_host", "127.0.0.1", group="api")
        (self.path / "token").write_text("the-token-of-it\n")
        output = Output(terminal)
        with contextlib.redirect_stdout(output):
            standalone.greet(self.conf, self.path, 9877, new)
        return output.getvalue()

    def test_a_person_sees_a_new_token(self):
        self.assertIn(": the-token-of-it\n", self.said(True, True))

    def test_nobody_else_does(self):
        for terminal, new in ((False, True), (False, False), (True, False)):
            said = self.said(terminal, new)
            self.assertNotIn("the-token-of-it", said)
            self.assertIn(f"see {self.path}/token\n", said)
