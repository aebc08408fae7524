# SPDX-License-Identifier: Apache-2.0
"""The server: real sockets, streams, TLS, slow callers."""

import contextlib
import json
import socket
import ssl
import threading

import requests

from lab import certificates
from reposync import exception
from reposync.api.serving import server
from reposync.db.queue import operations
from tests.fixtures import wait
from tests.unit.api import base

NDJSON = {"Accept": "application/x-ndjson"}


class ServerTest(base.ApiTestCase):
    """reposync-api without its command line."""

    def start(self, **options):
        self.config(
            bind_port=0, threads=4, **{"max_streams": 2} | options, group="api"
        )
        wsgi = self.make_wsgi()
        self.server = server.ApiServer(self.conf, wsgi)
        self.server.start()
        self.addCleanup(self.server.stop)
        self.url = f"http://127.0.0.1:{self.server.port}"

    def open(self, name="a"):
        """Begin a pull as a stream; returns its answer."""
        answer = requests.put(
            f"{self.url}/v1/images",
            params={"imageName": name},
            headers=self.headers | NDJSON,
            stream=True,
            timeout=30,
        )
        self.addCleanup(answer.close)
        return answer

    def id_of(self, answer):
        return answer.headers["Location"].rpartition("/")[2]

    def test_a_stream_ends_with_its_operation(self):
        self.start()
        image = {"id": "i", "name": "a"}
        for state, values in (
            ("succeeded", {"outcome": "created", "image": image}),
            ("failed", {"error": exception.ReferenceNotFound("x")}),
        ):
            answer = self.open()
            self.assertEqual(
                (200, "application/x-ndjson"),
                (answer.status_code, answer.headers["Content-Type"]),
            )
            self.finish(self.id_of(answer), state, **values)
            first, last = map(json.loads, answer.iter_lines())
            self.assertEqual("a:latest", first["reference"])
            self.assertEqual(values.get("outcome"), first["outcome"])
            self.assertEqual(state, last["operation"]["state"])

    def test_a_sync_tells_of_each_part_when_it_ends(self):
        self.start()
        answer = requests.put(
            f"{self.url}/v1/sync",
            headers=self.headers | NDJSON,
            stream=True,
            timeout=30,
        )
        parent = self.id_of(answer)
        lines = answer.iter_lines()
        for name in ("a", "b"):
            part = operations.submit(
                self.db,
                operations.Request(
                    "pull", name * 64, reference=name, parent_id=parent
                ),
            )
            self.finish(part.id, outcome="created", image={"id": name})
            self.assertEqual(name, json.loads(next(lines))["reference"])
        self.finish(parent)
        last = json.loads(next(lines))["operation"]
        self.assertEqual(2, last["counts"]["created"])
        self.assertEqual([], list(lines))

    def test_idle_streams_leave_room_for_others(self):
        self.start()
        streams = [self.open(f"image{n}") for n in range(2)]
        self.assertEqual([200, 200], [each.status_code for each in streams])
        third = self.open("image3")
        self.assertEqual(202, third.status_code)
        operation = json.loads(third.text)["operation"]
        self.assertEqual("image3:latest", operation["reference"])
        for _ in range(8):
            answer = requests.get(
                f"{self.url}/v1/operations", headers=self.headers, timeout=10
            )
            self.assertEqual(200, answer.status_code)

    def test_a_caller_that_leaves_gives_the_stream_back(self):
        self.start(max_streams=1, stream_heartbeat=0.1)
        for _ in range(3):
            streamed = wait.until(self.streamed, "a free stream")
            streamed.close()

    def streamed(self):
        answer = self.open()
        if answer.status_code == 200:
            return answer
        answer.close()
        return None

    def test_heartbeats_keep_every_line_valid(self):
        self.start(stream_heartbeat=0.1)
        answer = self.open()
        spaces = answer.iter_content(1)
        self.assertEqual([b" "] * 3, [next(spaces) for _ in range(3)])
        self.finish(self.id_of(answer), outcome="unchanged")
        lines = list(answer.iter_lines())
        self.assertEqual(2, len(list(map(json.loads, lines))))

    def test_a_stream_ends_after_its_time(self):
        self.start(stream_timeout=1)
        [line] = self.open().iter_lines()
        self.assertEqual("queued", json.loads(line)["operation"]["state"])

    def test_a_stream_without_database_ends_with_an_error(self):
        self.start()
        answer = self.open()
        self.addCleanup(setattr, self.db, "read", self.db.read)

        def away(work):
            raise exception.DatabaseUnavailable("away")

        self.db.read = away
        last = list(map(json.loads, answer.iter_lines()))[-1]
        self.assertEqual("database_unavailable", last["errors"][0]["code"])

    def test_streams_must_leave_a_thread(self):
        self.assertRaises(server.BadOptions, self.start, max_streams=4)

    def test_certificates_must_be_usable(self):
        wrong = self.path / "cert.pem"
        wrong.write_text("no certificate")
        for path in (wrong, self.path / "missing"):
            error = self.assertRaises(
                server.BadOptions, self.start, tls_cert_file=str(path)
            )
            self.assertIn("tls_cert_file", str(error))

    def test_slow_callers_hold_no_thread_for_long(self):
        self.start(timeout=1)
        with contextlib.ExitStack() as stack:
            for _ in range(8):
                slow = stack.enter_context(
                    socket.create_connection(("127.0.0.1", self.server.port))
                )
                slow.sendall(b"POST /v1/notify HTTP/1.1\r\nHost: a\r\n")
            answer = requests.get(f"{self.url}/v1", timeout=20)
            self.assertEqual(200, answer.status_code)

    def dribble(self, sock, data):
        """Send a byte now and then until the other side has had enough."""
        answer = b""
        sock.settimeout(0.1)
        for byte in data:
            with contextlib.suppress(OSError):
                sock.sendall(bytes([byte]))
            try:
                piece = sock.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                break
            answer += piece
            if not piece:
                break
        else:
            self.fail("the server waited for all of it")
        return answer

    def test_a_request_in_drops_is_cut_off(self):
        self.start(timeout=10, request_timeout=1)
        head = (
            f"POST /v1/notify?token={base.WEBHOOK} HTTP/1.1\r\nHost: a\r\n"
            "Content-Length: 1000\r\n"
        ).encode()
        for begun, rest, told in (
            (b"", head, b""),
            (head, b"X: " + b"x" * 1000, b""),
            (head + b"\r\n", b" " * 1000, b"HTTP/1.1 408 Request Timeout"),
        ):
            with socket.create_connection(
                ("127.0.0.1", self.server.port)
            ) as slow:
                slow.sendall(begun)
                answer = self.dribble(slow, rest)
            self.assertEqual(told, answer.partition(b"\r\n")[0])
        self.assertEqual([], self.rows())
        # Of asyncio, of the server, of the application.
        for fault in ("xception in", "Fatal", "unexpectedly"):
            self.assertNotIn(fault, self.log.output)

    def test_drops_do_not_keep_others_out(self):
        self.start(timeout=10, request_timeout=2)
        with contextlib.ExitStack() as stack:
            for _ in range(8):
                slow = stack.enter_context(
                    socket.create_connection(("127.0.0.1", self.server.port))
                )
                slow.sendall(
                    b"PUT /v1/sync HTTP/1.1\r\nHost: a\r\nX-Auth-Token: "
                    + base.TOKEN.encode()
                    + b"\r\nContent-Length: 9\r\n\r\n "
                )
            answer = requests.get(f"{self.url}/v1", timeout=20)
            self.assertEqual(200, answer.status_code)
        self.assertEqual([], self.rows())

    def test_a_chunked_body_without_end_is_refused(self):
        self.start()

        def endless():
            for _ in range(64):
                yield b" " * 65536

        answer = requests.post(
            f"{self.url}/v1/notify",
            params={"token": base.WEBHOOK},
            data=endless(),
            timeout=30,
        )
        self.assertEqual(413, answer.status_code)

    def test_tls(self):
        folder = self.path / "tls"
        folder.mkdir()
        certificates.make(folder)
        options = {
            "tls_cert_file": str(folder / "server-cert.pem"),
            "tls_key_file": str(folder / "server-key.pem"),
        }
        self.start(**options)
        url = f"https://127.0.0.1:{self.server.port}/v1"
        ca = str(folder / "ca.pem")
        answer = requests.get(url, verify=ca, timeout=10)
        self.assertEqual(200, answer.status_code)
        link = answer.json()["version"]["links"][0]["href"]
        self.assertTrue(link.startswith("https://"))
        self.assertRaises(
            requests.exceptions.SSLError, requests.get, url, timeout=10
        )
        context = ssl.create_default_context(cafile=ca)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.start(**options, tls_ca_file=ca)
        url = f"https://127.0.0.1:{self.server.port}/v1"
        self.assertRaises(
            requests.exceptions.ConnectionError,
            requests.get,
            url,
            verify=ca,
            timeout=10,
        )
        pair = (str(folder / "cert.pem"), str(folder / "key.pem"))
        answer = requests.get(url, verify=ca, cert=pair, timeout=10)
        self.assertEqual(200, answer.status_code)

    def test_no_thread_remains(self):
        before = threading.active_count()
        self.start()
        self.open().close()
        self.server.stop()
        wait.until(
            lambda: threading.active_count() <= before + 1, "threads to end"
        )
