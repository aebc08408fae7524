# SPDX-License-Identifier: Apache-2.0
"""Programs that must not start say why."""

import os
from pathlib import Path
import subprocess
import sys

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
