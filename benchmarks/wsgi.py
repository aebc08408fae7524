# SPDX-License-Identifier: Apache-2.0
"""uWSGI, with the same settings for all applications."""

import os
from pathlib import Path
import subprocess
import sys

import requests

from tests.fixtures import deployment
from tests.fixtures import wait

PROCESSES = 2
THREADS = 16


class Wsgi:
    """An application under uWSGI.

    :param env: the lab's environment
    :param module: of the application
    :param log: file that gets what the processes write
    :param extra: more of the environment for the application
    """

    def __init__(
        self,
        env: dict[str, str],
        module: str,
        log: Path,
        extra: dict[str, str] | None = None,
    ):
        port = deployment.free_port()
        self.url = f"http://127.0.0.1:{port}"
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [
                    Path(env["LAB_DIR"]) / "cloud-venv/bin/uwsgi",
                    f"--http-socket=127.0.0.1:{port}",
                    f"--home={sys.prefix}",
                    f"--module={module}:application",
                    f"--pythonpath={os.getcwd()}",
                    "--add-header=Connection: close",
                    "--master",
                    "--die-on-term",
                    "--need-app",
                    "--enable-threads",
                    f"--processes={PROCESSES}",
                    f"--threads={THREADS}",
                    "--listen=128",
                    "--disable-logging",
                ],
                stdout=file,
                stderr=file,
                env=os.environ | (extra or {}),
            )
        wait.until(self._answers, f"an answer of {module}", 30)

    @property
    def workers(self) -> list[int]:
        """The process ids of those who answer."""
        return deployment.children(self._process.pid)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(60)

    def _answers(self) -> bool:
        assert self._process.poll() is None, "uWSGI has ended"
        try:
            # What it answers is the application's own affair.
            requests.get(self.url, timeout=10)
        except requests.ConnectionError:
            return False
        return True
