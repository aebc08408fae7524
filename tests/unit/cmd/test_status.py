# SPDX-License-Identifier: Apache-2.0
"""``reposync-status upgrade check``, as a person runs it."""

import json
from pathlib import Path
import subprocess
import sys

from reposync.db import migration
from reposync.db.connection import session
from tests.unit import base

_BIN = Path(sys.executable).parent
SECRET = "the-secret-of-the-deployment"
_TIGHT = """
[DEFAULT]
transport_url = rabbit://reposync:{secret}@127.0.0.1/reposync
[api]
auth_strategy = token
token = {secret}
[conductor]
driver = filesystem
source = registry
[registry]
insecure =
[filesystem]
directory = {path}/images
[database]
connection = sqlite:///{path}/reposync.db
"""


class StatusTest(base.TestCase):
    """Warnings have the status 1, and say what to do."""

    def setUp(self):
        super().setUp()
        path = self.path / "reposync.db"
        self.config(connection=f"sqlite:///{path}", group="database")
        migration.sync(session.Database(self.conf))
        path.chmod(0o600)
        self.file = self.path / "reposync.conf"
        self.file.write_text(_TIGHT.format(path=self.path, secret=SECRET))
        self.file.chmod(0o600)

    def run_check(self, *more):
        done = subprocess.run(
            [_BIN / "reposync-status", "--config-file", self.file, "upgrade",
             "check", *more],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )  # fmt: skip
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        self.assertEqual("", done.stderr)
        return done.returncode, done.stdout

    def test_a_tight_deployment(self):
        code, said = self.run_check()
        self.assertEqual(0, code, said)

    def test_a_warning(self):
        self.file.chmod(0o644)
        code, said = self.run_check()
        self.assertEqual(1, code, said)
        self.assertIn("Check: Files with secrets", said)
        self.assertIn("Result: Warning", said)
        code, said = self.run_check("--json")
        self.assertEqual(1, code, said)
        warned = {
            each["check"]: each["details"]
            for each in json.loads(said)["checks"]
            if each["result"]
        }
        self.assertEqual(["Files with secrets"], list(warned))
        self.assertIn(f"chmod o= {self.file}", warned["Files with secrets"])

    def test_what_cannot_be_read_is_a_failure(self):
        text = self.file.read_text()
        self.file.write_text(
            text.replace("@127.0.0.1", "/@127.0.0.1:port:port")
        )
        code, said = self.run_check()
        self.assertEqual(2, code, said)
        self.assertIn("Check: Configuration", said)
