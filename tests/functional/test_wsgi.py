# SPDX-License-Identifier: Apache-2.0
"""The API under uWSGI."""

import os
from pathlib import Path
import subprocess
import sys

import requests

from tests.fixtures import client
from tests.fixtures import deployment
from tests.fixtures import wait
from tests.functional import service


class WsgiTest(service.ServiceTestCase):
    """``reposync.wsgi.api:application`` beside the deployed service."""

    def setUp(self):
        super().setUp()
        port = deployment.free_port()
        self.url = f"http://127.0.0.1:{port}"
        uwsgi = Path(self.lab["LAB_DIR"]) / "cloud-venv/bin/uwsgi"
        self.log_file = self.path / "uwsgi.log"
        log = self.log_file.open("wb")
        self.addCleanup(log.close)
        self.process = subprocess.Popen(
            [
                uwsgi,
                f"--http-socket=127.0.0.1:{port}",
                f"--home={sys.prefix}",
                "--module=reposync.wsgi.api:application",
                "--add-header=Connection: close",
                "--master",
                "--die-on-term",
                "--need-app",
                "--enable-threads",
                "--threads=2",
                "--disable-logging",
            ],
            stdout=log,
            stderr=log,
            env=os.environ
            | {"OS_REPOSYNC_CONFIG_FILES": self.service.arguments[1]},
        )
        self.addCleanup(self.process.wait, 60)
        self.addCleanup(self.process.kill)
        wait.until(self.answers, "an answer of uWSGI", 30)

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(self.log_file.read_text())
        try:
            return requests.get(f"{self.url}/healthcheck", timeout=10).ok
        except requests.ConnectionError:
            return False

    def test_pull_and_streams(self):
        caller = client.Client(self.url, self.cloud.token())
        self.push("one")
        self.assertEqual(
            "created", caller.done(caller.pull(self.name))["outcome"]
        )
        query = {"params": {"imageName": self.name}}
        lines = caller.stream("PUT", "/v1/images", **query)
        self.assertEqual("unchanged", lines[0]["outcome"])

    def test_one_stream_at_a_time_leaves_a_thread(self):
        caller = client.Client(self.url, self.cloud.token())
        query = {"headers": {"Accept": "application/x-ndjson"}, "stream": True}
        answers = [
            caller.call(
                "PUT", f"/v1/images?imageName=127.0.0.1:1/a/b{n}", **query
            )
            for n in range(2)
        ]
        for answer in answers:
            self.addCleanup(answer.close)
        self.assertEqual([200, 202], [each.status_code for each in answers])
        listed = caller.call("GET", "/v1/operations", timeout=20)
        self.assertEqual(200, listed.status_code)
        for operation in listed.json()["operations"]:
            caller.call("DELETE", f"/v1/operations/{operation['id']}")
