# SPDX-License-Identifier: Apache-2.0
"""Programs that must not start say why."""

import os
from pathlib import Path
import socket
import subprocess
import sys

import sqlalchemy as sa

from tests.fixtures import database
from tests.unit import base

_BIN = Path(sys.executable).parent
_CONFIG = """
[api]
auth_strategy = token
token = a-secret-of-some-length
[standalone]
directory = {folder}/data
[notify]
receivers = good,bad
[receiver:good]
format = harbor
secret = the-secret-of-the-receiver
[receiver:bad]
format = quay
"""
_API = "[api]\nauth_strategy = token\ntoken = a-secret-of-some-length\n"


class StartTest(base.TestCase):
    """A receiver without a secret keeps all of them from starting."""

    def setUp(self):
        super().setUp()
        self.file = self.path / "reposync.conf"
        self.file.write_text(_CONFIG.format(folder=self.path))

    def refused(self, *command):
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=os.environ | {"OS_REPOSYNC_CONFIG_FILES": str(self.file)},
        )
        self.assertNotEqual(0, done.returncode)
        said = done.stdout + done.stderr
        self.assertIn("[receiver:bad] secret must be set", said)
        self.assertNotIn("the-secret-of-the-receiver", said)
        return done

    def test_programs(self):
        for name in ("reposync-api", "reposync-standalone"):
            done = self.refused(_BIN / name, "--config-file", self.file)
            self.assertNotIn("Traceback", done.stderr)

    def test_wsgi_servers(self):
        # What uWSGI does; with need-app it ends then.
        self.refused(sys.executable, "-c", "import reposync.wsgi.api")


class RefusalTest(base.TestCase):
    """What keeps a program from starting is one line."""

    def refused(self, program, text, *words):
        file = self.path / "reposync.conf"
        file.write_text(text)
        done = subprocess.run(
            [_BIN / program, "--config-file", file, *words],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.assertEqual(1, done.returncode)
        [line] = done.stderr.strip().splitlines()
        self.assertTrue(line.startswith(f"{program}: "), line)
        return line

    def test_options_that_contradict_each_other(self):
        text = "[conductor]\nlease = 5\nheartbeat = 5\n"
        self.assertIn("heartbeat", self.refused("reposync-conductor", text))

    def test_a_value_that_is_none(self):
        text = "[conductor]\nworkers = many\n"
        self.assertIn("workers", self.refused("reposync-standalone", text))

    def test_a_database_that_cannot_be_opened(self):
        text = f"[database]\nconnection = sqlite:///{self.path}/no/x\n"
        words = ("db", "sync")
        said = self.refused("reposync-manage", text, *words)
        self.assertIn("unable to open database file", said)

    def test_tables_of_a_newer_release(self):
        fixture = database.SqliteDatabase(self.conf, self.path)
        db = self.useFixture(fixture).db
        newer = sa.text("UPDATE alembic_version SET version_num = '999'")
        db.write(lambda session: session.execute(newer))
        text = f"[database]\nconnection = {self.conf.database.connection}\n"
        said = self.refused("reposync-manage", text, "db", "sync")
        self.assertIn("newer release", said)

    def test_lines_of_share_that_are_not_understood(self):
        for driver, line in (
            ("glance", "Team/App 0123abcd"),
            ("glance", "team/app"),
            ("opennebula", "team/app users 999"),
            ("opennebula", "Team/App users"),
        ):
            text = (
                f"[conductor]\ndriver = {driver}\n[{driver}]\nshare = {line}\n"
            )
            said = self.refused("reposync-conductor", text)
            self.assertIn(f"{line!r} in share of [{driver}]", said)

    def test_a_port_that_is_in_use(self):
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        port = taken.getsockname()[1]
        text = f"{_API}bind_port = {port}\n"
        said = self.refused("reposync-api", text)
        self.assertIn(f"bind_port = {port}: nothing can listen there", said)

    def test_files_of_certificates(self):
        text = f"{_API}tls_cert_file = /no\ntls_key_file = /no\n"
        said = self.refused("reposync-api", text)
        self.assertIn("[api] tls_cert_file = /no cannot be read", said)

    def test_a_dollar_in_a_password(self):
        for group, option in (
            ("database", "connection = mysql+pymysql://u:se$kret@h/x"),
            ("DEFAULT", "transport_url = rabbit://u:se$kret@h/"),
            ("opennebula", "password = se$kret"),
        ):
            text = f"[{group}]\n{option}\n"
            said = self.refused("reposync-conductor", text)
            self.assertIn("write $$", said)
            self.assertNotIn("kret", said)
        bad = "[receiver:a]\nformat = harbor\nsecret = 0123456789$kret-kret\n"
        said = self.refused(
            "reposync-api", f"{_API}[notify]\nreceivers = a\n{bad}"
        )
        self.assertIn("[receiver:a] secret: a $", said)
        self.assertNotIn("kret", said)

    def test_a_log_that_cannot_be_written(self):
        text = "[DEFAULT]\nlog_file = /no/such/directory/log\n"
        said = self.refused("reposync-conductor", text)
        self.assertIn("'/no/such/directory/log'", said)
