# SPDX-License-Identifier: Apache-2.0
"""Signals reach what a launched program runs in its own process."""

import signal
import subprocess
import sys

from tests.fixtures import wait
from tests.unit import base

_PROGRAM = """
import pathlib
import threading
from reposync.cmd import launch
from oslo_service import service

class Served(service.Service):
    def start(self):
        self.stopped = threading.Event()
        self.tell("started")

    def reset(self):
        self.tell("reset")

    def stop(self, graceful=False):
        self.stopped.set()

    def wait(self):
        self.stopped.wait()

    def tell(self, word):
        pathlib.Path(word).touch()

launch.launch(launch.prepare(), Served())
"""


class SignalTest(base.TestCase):
    """A program as systemd runs it."""

    def setUp(self):
        super().setUp()
        (self.path / "reposync.conf").touch()
        self.program = subprocess.Popen(
            [*(sys.executable, "-c", _PROGRAM), "--config-file=reposync.conf"],
            cwd=self.path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(self.program.communicate)
        self.addCleanup(self.program.kill)

    def until(self, word):
        def told():
            ended = self.program.poll()
            if ended is not None:
                self.fail(f"ended with {ended}: {self.program.stderr.read()}")
            return (self.path / word).exists()

        wait.until(told, f"a program that has {word}", 60)

    def test_a_reload_goes_to_the_service_that_runs(self):
        """The hook that does it is an attribute private to oslo.service."""
        self.until("started")
        (self.path / "started").unlink()
        self.program.send_signal(signal.SIGHUP)
        self.until("reset")
        self.program.terminate()
        self.assertEqual(0, self.program.wait(60))
        self.assertFalse((self.path / "started").exists())
