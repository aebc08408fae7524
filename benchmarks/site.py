# SPDX-License-Identifier: Apache-2.0
"""The service under uWSGI, beside an application that does nothing."""

import contextlib
from pathlib import Path
from typing import Any

import sqlalchemy

from benchmarks import watch
from benchmarks import wsgi
from tests.fixtures import client
from tests.fixtures import cloud
from tests.fixtures import deployment
from tests.fixtures import wait

_LIST = "bench/*\n"
_COUNTS = """
SELECT count(*) AS operations,
       count(*) + coalesce(sum(coalesced), 0) AS noted,
       count(*) FILTER (WHERE outcome IN ('created', 'updated')) AS copies,
       count(*) FILTER (WHERE state = 'failed') AS failed
  FROM operations
 WHERE reference LIKE :name AND project_id IS NULL
"""
_WAITING = """
SELECT count(*) FROM operations WHERE state IN ('queued', 'running')
"""


class Site:
    """All that is measured; its conductor reads the lab's registry.

    To the service the lab's registry is a mirror of Docker Hub: that is
    where notifications say the images are.
    """

    def __init__(self, env: dict[str, str]):
        self._stack = contextlib.ExitStack()
        self.cloud = cloud.Cloud(env)
        self.service = deployment.Deployment(env)
        mirror = env["LAB_REGISTRY"]
        self.service.start(
            conductor={"source": "registry", "workers": 4},
            registry={"mirrors": f"docker.io={mirror}"},
            DEFAULT={"debug": False},
        )
        self._stack.callback(self.service.stop)
        self.service.list.write_text(_LIST)
        self._database()
        self.caller = client.Client(self.service.url, self.cloud.token())
        directory = self.service.directory
        self.ours = wsgi.Wsgi(
            env,
            "reposync.wsgi.api",
            directory / "uwsgi.log",
            {"OS_REPOSYNC_CONFIG_FILES": self.service.arguments[1]},
        )
        self._stack.callback(self.ours.stop)
        self.bare = wsgi.Wsgi(env, "benchmarks.bare", directory / "bare.log")
        self._stack.callback(self.bare.stop)

    def stop(self) -> None:
        """End all of it."""
        self._stack.close()

    def settings(self) -> dict[str, str]:
        """Tell how durable a commit is."""
        names = ("synchronous_commit", "fsync", "full_page_writes")
        return {name: str(self._ask(f"SHOW {name}")) for name in names}

    def counts(self, name: str) -> dict[str, int]:
        """Count the operations that notifications of an image made."""
        with self._engine.connect() as connection:
            row = connection.execute(
                sqlalchemy.text(_COUNTS), {"name": f"{name}:%"}
            ).one()
        return {key: int(value) for key, value in row._mapping.items()}

    def idle(self, seconds: float = 1800) -> None:
        """Wait until nothing waits or runs."""
        wait.until(
            lambda: self._ask(_WAITING) == 0, "the end of all work", seconds
        )

    def memory(self) -> dict[str, float]:
        """Tell the peaks of the processes, in MB."""
        [conductor] = deployment.children(
            self.service.processes["reposync-conductor"].pid
        )
        peaks = [watch.peak_mb(pid) for pid in self.ours.workers]
        return {
            "api_process": round(max(peaks), 1),
            "conductor": round(watch.peak_mb(conductor), 1),
        }

    def forget(self, name: str) -> None:
        """Delete the images of a name from Glance."""
        for image in self.cloud.everything(name):
            self.cloud.glance.delete_image(image.id)

    def _database(self) -> None:
        """Let commits wait for the disk, which the lab's usually do not."""
        text = Path(self.service.arguments[1]).read_text()
        [url] = [
            line.partition(" = ")[2]
            for line in text.splitlines()
            if line.startswith("connection = postgresql")
        ]
        self._engine = sqlalchemy.create_engine(
            url, isolation_level="AUTOCOMMIT"
        )
        name = self._engine.url.database
        with self._engine.connect() as connection:
            connection.execute(
                sqlalchemy.text(
                    f"ALTER DATABASE {name} SET synchronous_commit = on"
                )
            )
        self._engine.dispose()
        self._stack.callback(self._engine.dispose)
        # For connections that were made before.
        self.service.stop_process("reposync-conductor")
        self.service.start_process("reposync-conductor")

    def _ask(self, statement: str) -> Any:
        with self._engine.connect() as connection:
            return connection.execute(sqlalchemy.text(statement)).scalar()
