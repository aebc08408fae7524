# SPDX-License-Identifier: Apache-2.0
"""Guru Meditation Reports of running processes."""

import os
from pathlib import Path
import signal
import subprocess
import sys

from tests.fixtures import deployment
from tests.fixtures import wait
from tests.functional import watching


class ReportsTest(watching.WatchingTestCase):
    """A signal to the process that was started, and to the one it forked."""

    def all_options(self, **more):
        more["oslo_reports"] = {"log_dir": self.path}
        return super().all_options(**more)

    def report(self, name, pid):
        """Ask a process for a report, and give its text."""
        os.kill(pid, signal.SIGUSR2)

        def written():
            pattern = f"{name}-{pid}_gurumeditation_*"
            texts = [path.read_text() for path in self.path.glob(pattern)]
            return [text for text in texts if "\nstandalone: " in text]

        [text] = wait.until(written, f"a whole report of {name}", 60)
        return text

    def test_reports_tell_much_and_no_secret(self):
        for name in ("reposync-conductor", "reposync-api"):
            master = self.service.processes[name].pid
            for pid in (master, self.worker(name)):
                self.look(self.report(name, pid))
            self.assertEqual(master, self.service.processes[name].pid)
        self.assertTrue(self.service.healthy())

    def look(self, text):
        for part in (
            "Threads",
            "poll_interval = 2",
            "transport_url = ***",
            "connection = ***",
        ):
            self.assertIn(part, text)
        for secret in self.secrets():
            self.assertNotIn(secret, text)

    def secrets(self):
        urls = [self.lab["LAB_TRANSPORT_URL"], self.lab["LAB_POSTGRESQL_URL"]]
        passwords = [url.split("@")[0].rpartition(":")[2] for url in urls]
        self.assertTrue(all(passwords))
        return [
            *passwords,
            self.lab["OS_PASSWORD"],
            deployment.WEBHOOK_TOKEN,
        ]


class FileReportsTest(watching.WatchingTestCase):
    """A file that is touched, which uWSGI leaves alone."""

    def all_options(self, **more):
        self.trigger = self.path / "report"
        self.trigger.touch()
        more["oslo_reports"] = {
            "log_dir": self.path,
            "file_event_handler": self.trigger,
        }
        return super().all_options(**more)

    def start_uwsgi(self):
        uwsgi = Path(self.lab["LAB_DIR"]) / "cloud-venv/bin/uwsgi"
        with (self.path / "uwsgi.log").open("wb") as log:
            process = subprocess.Popen(
                [
                    uwsgi,
                    f"--http-socket=127.0.0.1:{deployment.free_port()}",
                    f"--home={sys.prefix}",
                    "--module=reposync.wsgi.api:application",
                    "--master",
                    "--die-on-term",
                    "--need-app",
                    "--lazy-apps",
                    "--enable-threads",
                ],
                stdout=log,
                stderr=log,
                env=os.environ
                | {"OS_REPOSYNC_CONFIG_FILES": self.service.arguments[1]},
            )
        self.addCleanup(process.wait, 60)
        self.addCleanup(process.kill)

    def test_all_programs_report(self):
        self.start_uwsgi()

        def reported():
            # Until the last of them watches it.
            self.trigger.touch()
            return all(
                list(self.path.glob(f"{program}-*_gurumeditation_*"))
                for program in ("uwsgi", "reposync-api", "reposync-conductor")
            )

        wait.until(reported, "reports of all programs", 90)
