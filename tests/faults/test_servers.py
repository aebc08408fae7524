# SPDX-License-Identifier: Apache-2.0
"""The servers themselves are killed, and their disks filled.

These are the lab's own, so no other scenario may run beside them.
"""

import contextlib
import subprocess

from tests.faults import base
from tests.fixtures import wait

_BLOB = "GET /v2/.*/blobs/"


class KilledServerTest(base.FaultCase):
    """``kill -9`` in the middle of a copy, and started again."""

    def killed(self, server, proxy, pattern, when="amid", after=1 << 20):
        """Hold a copy, kill the server, start it, let the copy go on."""
        pushed = self.push()
        gate = self.proxies[proxy].stop_at(pattern, when, after)
        operation = self.caller.pull(self.name)
        gate.reached()
        servers = self.servers()
        self.addCleanup(servers.start, server)
        servers.kill(server)
        gate.cut()
        servers.start(server)
        self.succeeded(operation, 120)
        self.all_is_well(pushed)

    def test_rabbitmq(self):
        self.killed("rabbitmq", "registry", _BLOB)
        wait.until(self.lists, "an answer over the bus", 90)

    def test_postgresql(self):
        self.killed("postgresql", "registry", _BLOB)

    def test_keystone(self):
        """Who cannot be recognised is asked to come again."""
        pushed = self.push()
        stranger = self.client()
        servers = self.servers()
        self.addCleanup(servers.start, "keystone")
        servers.kill("keystone")
        answer = self.put(caller=stranger)
        self.assertEqual(503, answer.status_code, answer.text)
        self.assertTrue(answer.headers["Retry-After"])
        wait.until(lambda: self.cluster.health() == 503, "a bad health")
        servers.start("keystone")
        self.cluster.wait_healthy()
        operation = self.caller.accepted(self.put(caller=stranger))
        self.succeeded(operation)
        self.all_is_well(pushed)

    def test_glance(self):
        self.killed("glance", "glance", "PUT /v2/images/.*/file")

    def lists(self):
        return self.caller.call("GET", "/v1/images").status_code == 200


class KilledEngineTest(base.EngineCase):
    """The same for the engine."""

    def test_engine(self):
        pushed = self.push()
        gate = self.proxies["engine"].stop_at("GET /v.*/images/.*get", "after")
        operation = self.caller.pull(self.name)
        gate.reached()
        servers = self.servers()
        self.addCleanup(servers.start, "docker")
        servers.kill("docker")
        gate.cut()
        servers.start("docker")
        self.succeeded(operation, 120)
        self.all_is_well(pushed)
        self.engine_is_clean()

    def test_full_disk_of_the_engine(self):
        pushed = self.push()
        place = self.servers().servers["docker"].data / "tmp"
        with full(place):
            operation = self.caller.pull(self.name)
            wait.until(
                lambda: self.row(operation).error_code == "source_disk_full",
                "the full disk",
                60,
            )
        self.succeeded(operation)
        self.all_is_well(pushed)
        self.engine_is_clean()


class FullDiskTest(base.FaultCase):
    """Glance has no room left."""

    def test_full_disk_of_glance(self):
        pushed = self.push()
        place = self.servers().servers["glance"].data / "store"
        with full(place):
            row = self.ended(self.caller.pull(self.name))
            self.assertEqual(
                ("failed", "catalogue_quota_exceeded"),
                (row.state, row.error_code),
            )
            self.all_is_well(None)
        self.succeeded(self.caller.pull(self.name))
        self.all_is_well(pushed)


@contextlib.contextmanager
def full(place):
    """Put a disk with room for less than one image over a directory."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    subprocess.run(mount, check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)
