# SPDX-License-Identifier: Apache-2.0
"""Docker Hub's callback, with a real TLS server in its place."""

import contextlib
import json
import socket
import time

from reposync import exception
from reposync.conductor.upkeep import callbacks as followup
from reposync.db.queue import leases
from reposync.db.queue import operations
from reposync.db.webhooks import callbacks
from reposync.db.webhooks import deliveries
from reposync.webhooks import callbacks as callback
from tests.contract import operations as contract
from tests.fixtures import database
from tests.fixtures import http
from tests.fixtures import tls
from tests.fixtures import wait
from tests.unit import base


class Hub(tls.HttpsServer):
    """Takes calls.

    :ivar calls: path and object of each
    :ivar answers: what is answered first, then 200
    """

    def __init__(self, folder):
        super().__init__(_Handler, folder)
        self.calls = []
        self.answers = []


class _Handler(http.Handler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.owner.calls.append((self.path, json.loads(body)))
        answers = self.owner.answers
        answer = answers.pop(0) if answers else {"status": 200}
        if answer == "drip":
            self.drip()
        else:
            self.answer(answer.pop("status"), b"", **answer)

    def do_GET(self):
        self.owner.calls.append((self.path, "GET"))
        self.answer(200)

    def drip(self):
        with contextlib.suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for number in range(60):
                self.wfile.write(f"X-{number}: x\r\n".encode())
                time.sleep(0.05)
            self.wfile.write(b"Content-Length: 0\r\n\r\n")


class FollowUpTest(base.TestCase):
    """Calls back, and nobody else."""

    def setUp(self):
        super().setUp()
        fixture = database.SqliteDatabase(self.conf, self.path)
        self.db = self.useFixture(fixture).db
        folder = self.path / "tls"
        folder.mkdir()
        self.hub = self.useFixture(Hub(folder))
        self.config(
            callback_hosts=[self.hub.host],
            callback_ca_file=str(folder / "ca.pem"),
            group="notify",
        )
        self.config(poll_interval=1, group="conductor")
        self.make()

    def make(self, post=callback.post):
        self.followup = followup.FollowUp(self.conf, self.db, post, delay=0)

    def end(self, state="succeeded", url=None, **values):
        """Have an operation end of which somebody wants to know."""
        url = url or f"https://{self.hub.host}/u/team/app/hook/1/?a=b"
        row = deliveries.submit(
            self.db, contract.request(), deliveries.Delivery(None, url)
        )
        taken = leases.claim(self.db, row.id, row.attempt, "me", 60)
        lease = leases.Lease(row.id, "me", taken.attempt)
        leases.finish(self.db, lease, state, **values)
        return row

    def left(self):
        return len(callbacks.due(self.db))

    def test_docker_hub_is_told(self):
        for state, said, values in (
            ("succeeded", "success", {"outcome": "created"}),
            ("failed", "failure", {"error": exception.RegistryDenied("no")}),
            ("cancelled", "error", {}),
        ):
            self.end(state, **values)
            self.followup.look()
            path, told = self.hub.calls.pop()
            self.assertEqual("/u/team/app/hook/1/?a=b", path)
            self.assertEqual(said, told["state"])
            self.assertEqual("reposync", told["context"])
            self.assertTrue(told["description"].startswith("busybox:latest"))
            self.assertNotIn("no", told["description"].split())
        self.assertEqual((0, []), (self.left(), self.hub.calls))

    def test_it_waits_for_the_end(self):
        row = deliveries.submit(
            self.db,
            contract.request(),
            deliveries.Delivery(None, f"https://{self.hub.host}/1"),
        )
        self.followup.look()
        self.assertEqual([], self.hub.calls)
        operations.cancel(self.db, row.id)
        self.followup.look()
        self.assertEqual(1, len(self.hub.calls))

    def test_a_failed_call_is_tried_a_few_times(self):
        self.hub.answers = [{"status": 503}] * 2
        self.end()
        for _ in range(4):
            self.followup.look()
        self.assertEqual((3, 0), (len(self.hub.calls), self.left()))
        self.hub.answers = [{"status": 503}] * 20
        self.end()
        for _ in range(10):
            self.followup.look()
        self.assertEqual((3 + 5, 0), (len(self.hub.calls), self.left()))
        self.assertIn("given up", self.log.output)

    def test_a_redirect_is_not_followed(self):
        other = self.useFixture(http.HttpServer(_Other))
        other.calls = 0
        target = f"http://{other.host}/"
        self.hub.answers = [{"status": 302, "Location": target}] * 20
        self.end()
        for _ in range(10):
            self.followup.look()
        self.assertEqual((5, 0), (len(self.hub.calls), other.calls))
        self.assertNotIn("GET", [told for _, told in self.hub.calls])

    def test_it_has_a_bounded_time(self):
        self.make(lambda *args: callback.post(*args, seconds=0.5))
        self.hub.answers = ["drip"]
        self.end()
        self.followup.look()
        self.assertEqual(1, self.left())
        self.followup.look()
        self.assertEqual(0, self.left())

    def test_the_certificate_counts(self):
        self.config(callback_ca_file=None, group="notify")
        self.end()
        for _ in range(6):
            self.followup.look()
        self.assertEqual(([], 0), (self.hub.calls, self.left()))
        self.assertIn("SSLCertVerificationError", self.log.output)

    def test_nobody_else_is_called(self):
        with socket.create_server(("127.0.0.1", 0)) as trap:
            trap.settimeout(0.2)
            port = trap.getsockname()[1]
            for url in (
                f"http://localhost:{port}/",
                f"https://localhost:{port}/",
                f"https://127.0.0.1:{port}/",
                f"https://{self.hub.host}@127.0.0.1:{port}/",
                f"https://127.0.0.1:{port}\\@{self.hub.host}/",
            ):
                self.end(url=url)
            self.followup.look()
            self.assertRaises(TimeoutError, trap.accept)
        self.assertEqual(([], 0), (self.hub.calls, self.left()))

    def test_it_runs_by_itself_and_survives_a_crash(self):
        self.end()
        first = followup.FollowUp(self.conf, self.db, self.die, delay=0)
        self.assertRaises(SystemExit, first.look)
        self.followup.start()
        self.addCleanup(self.followup.stop)
        wait.until(lambda: self.hub.calls, "the call")
        wait.until(lambda: not self.left(), "its end")
        self.end()
        wait.until(lambda: len(self.hub.calls) == 2, "another call")
        self.assertNotIn("unexpected", self.log.output)

    @staticmethod
    def die(*args):
        raise SystemExit

    def test_old_deliveries_are_forgotten_on_the_way(self):
        self.config(max_deliveries=1, group="notify")
        for key in "ab":
            delivery = deliveries.Delivery(key * 64)
            deliveries.submit(self.db, contract.request(), delivery)
        self.followup.look()
        again = deliveries.submit(
            self.db, contract.request(), deliveries.Delivery("a" * 64)
        )
        self.assertIsNotNone(again)


class _Other(http.Handler):
    def do_GET(self):
        self.owner.calls += 1
        self.answer(200)

    do_POST = do_GET


class AllowedTest(base.TestCase):
    """Which addresses may be called."""

    def test_addresses(self):
        hosts = ["registry.hub.docker.com", "Other.example:8443"]
        for url, right in (
            ("https://registry.hub.docker.com/u/a/b/hook/1/", True),
            ("https://registry.hub.docker.com:443/u", True),
            ("https://REGISTRY.hub.docker.com/u", True),
            ("https://other.example:8443/", True),
            ("https://other.example/", False),
            ("https://other.example:8444/", False),
            ("http://registry.hub.docker.com/u", False),
            ("https://registry.hub.docker.com:444/u", False),
            ("https://registry.hub.docker.com.evil.example/u", False),
            ("https://evil.example/registry.hub.docker.com", False),
            ("https://registry.hub.docker.com@evil.example/", False),
            ("https://evil.example#@registry.hub.docker.com/", False),
            ("https://evil.example\\@registry.hub.docker.com/", False),
            ("https://u:p@registry.hub.docker.com/", False),
            ("https://registry.hub.docker.com:x/", False),
            ("https://registry.hub.docker.com/\r\nX: y", False),
            ("https://registry.hub.docker.com/ HTTP/1.1", False),
            ("https://registry.hub.docker.com/\u00e9", False),
            ("https://169.254.169.254/", False),
            ("https://[::1]/", False),
            ("https://[/", False),
            ("//registry.hub.docker.com/u", False),
            ("registry.hub.docker.com/u", False),
            ("file:///etc/passwd", False),
            ("https://registry.hub.docker.com/" + "x" * 2000, False),
            ("", False),
            (None, False),
        ):
            self.assertEqual(right, callback.allowed(url, hosts), url)
        self.assertFalse(
            callback.allowed("https://registry.hub.docker.com/", [])
        )
