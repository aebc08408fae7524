# SPDX-License-Identifier: Apache-2.0
"""Configurations that must not go into service."""

from collections.abc import Callable
import os

from reposync import consistency
from tests.unit import base

_NOBODY = 65534


def as_nobody(work: Callable[[], None]) -> str:
    """Do something as an account that may read nothing; gives what it says.

    In a process of its own, if this one may read everything.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(_NOBODY)
                os.setuid(_NOBODY)
            work()
            said = ""
        except BaseException as error:  # noqa: BLE001 (told to the parent)
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as told:
        return told.read()


class FilesTest(base.TestCase):
    """Files that an account may not read."""

    def setUp(self):
        super().setUp()
        self.path.chmod(0o755)
        self.folder = self.path / "etc"
        self.folder.mkdir()
        self.file = self.folder / "reposync.conf"

    def said(self, *argv):
        return as_nobody(
            lambda: consistency.check_files(
                argv, "reposync-manage", (str(self.folder),)
            )
        )

    def test_one_that_may_be_read_or_is_not_there(self):
        self.assertEqual("", self.said())
        self.file.touch(0o644)
        self.assertEqual("", self.said())

    def test_one_that_may_not_be_read(self):
        self.file.touch(0o600)
        if os.getuid():
            self.file.chmod(0)
        self.assertIn(f"{self.file} cannot be read by", self.said())
        self.assertEqual("", self.said("--config-file", "/other"))
        self.assertEqual("", self.said("--config-file=/other"))

    def test_one_in_a_folder_that_may_not_be_entered(self):
        self.folder.chmod(0 if os.getuid() else 0o700)
        self.addCleanup(self.folder.chmod, 0o755)
        self.assertIn(f"{self.file} cannot be read by", self.said())


class OptionsTest(base.TestCase):
    """Options that contradict each other, and such that do nothing."""

    def refused(self, group, **options):
        self.config(group=group, **options)
        error = self.assertRaises(
            consistency.BadConfiguration, consistency.check, self.conf
        )
        return str(error)

    def test_the_defaults_are_good(self):
        consistency.check(self.conf)
        self.assertEqual([], list(consistency.without_effect(self.conf)))

    def test_a_heartbeat_that_is_no_shorter_than_the_lease(self):
        for lease, heartbeat in ((30, 30), (30, 40), (30, 20), (5, 3)):
            said = self.refused("conductor", lease=lease, heartbeat=heartbeat)
            self.assertIn(f"heartbeat ({heartbeat} s)", said)
        self.config(lease=4, heartbeat=2, group="conductor")
        consistency.check(self.conf)

    def test_plugins_that_are_not_there(self):
        said = self.refused("conductor", driver="glanze")
        self.assertIn("filesystem, glance, opennebula", said)

    def test_half_of_tls(self):
        self.assertIn("set both", self.refused("api", tls_cert_file="x"))
        said = self.refused("api", tls_cert_file=None, tls_ca_file="x")
        self.assertIn("needs tls_cert_file", said)

    def test_an_address_of_the_broker_that_is_none(self):
        said = self.refused(None, transport_url="rabbit://u:a/secret@h/")
        self.assertIn("transport_url cannot be read", said)
        self.assertNotIn("secret", said)

    def test_what_has_no_effect(self):
        file = self.path / "reposync.conf"
        file.write_text(
            "[database]\nmax_retries = 3\ndb_max_retries = 3\n"
            "slave_connection = sqlite://\n"
            "[oslo_messaging_rabbit]\nssl_ca_file = x\n"
        )
        self.conf([], project="reposync", default_config_files=[str(file)])
        found = "\n".join(consistency.without_effect(self.conf))
        for name in (
            "[database] max_retries has",
            "[database] db_max_retries has",
            "[database] slave_connection has",
            "[oslo_messaging_rabbit] ssl_ca_file has",
        ):
            self.assertIn(name, found)
        self.assertEqual(4, len(found.splitlines()))
