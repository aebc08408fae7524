# SPDX-License-Identifier: Apache-2.0
"""What the server does not take for a request of HTTP/1.1 (RFC 9112)."""

import contextlib
import json
import threading

from reposync.api.serving import limits
from tests.fixtures import wait
from tests.unit.api import serving

HOST = b"Host: a\r\n"


class RefusalTest(serving.ServingTestCase):
    """Nothing of it comes to the application."""

    def refused(self, data, status):
        """Say something that must not come to the application."""
        answer = self.say(data)
        self.assertEqual(1, answer.count(b"HTTP/1.1"), answer)
        self.assertEqual(status, self.status(answer), data[:80])
        self.assertEqual([], self.calls)
        return answer.partition(b"\r\n\r\n")[2]

    def test_what_is_no_request_is_refused(self):
        self.serve()
        get = b"GET / HTTP/1.1\r\n"
        post = b"POST / HTTP/1.1\r\n" + HOST
        for data, status in (
            (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
            (b"GET /\r\n\r\n", 400),
            (get + b"\r\n", 400),
            (get + HOST + HOST + b"\r\n", 400),
            (get + HOST + b"A : b\r\n\r\n", 400),
            (get + HOST + b"A: \0\r\n\r\n", 400),
            (get + b" " + HOST + b"\r\n", 400),
            (post + b"Content-Length: -1\r\n\r\n", 400),
            (post + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
            (post + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
            (post + b"Transfer-Encoding: gzip\r\n\r\n", 400),
        ):
            self.assertIn(b"Invalid HTTP request", self.refused(data, status))

    def test_headers_without_end_are_cut_off(self):
        self.serve()
        get = b"GET / HTTP/1.1\r\n" + HOST
        for begin, more in (
            (b"GET /", b"x"),
            (get, b"A: b\r\n"),
            (get + b"A: ", b"b"),
        ):
            sock = self.connect(begin)
            with contextlib.suppress(ConnectionError):
                for _ in range(64):
                    sock.sendall(more * 65536)
                self.fail("it takes whatever comes")
        self.assertEqual([], self.calls)

    def test_a_refusal_of_ours_has_an_envelope_and_a_line_in_the_log(self):
        self.serve()
        long = b"x" * limits.MAX_HEAD
        post = b"POST /v1 HTTP/1.1\r\n" + HOST
        chunked = b"Transfer-Encoding: chunked\r\n"
        for data, status in (
            (b"CONNECT a:1 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
            (b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", 400),
            (post + chunked + b"Content-Length: 5\r\n\r\n0\r\n\r\n", 400),
            (b"POST / HTTP/1.0\r\n" + chunked + b"\r\n0\r\n\r\n", 400),
            (post + b"Content-Length: 100001\r\n\r\n", 413),
            (post + chunked + b"\r\n" + b"5\r\nhello\r\n" * 20_001, 413),
            (post + b"A: " + long + b"\r\n\r\n", 431),
        ):
            [error] = json.loads(self.refused(data, status))["errors"]
            self.assertEqual(status, error["status"])
            self.assertIn(f"[{error['request_id']}]", self.log.output)

    def test_a_refused_body_is_no_request(self):
        self.serve()
        hidden = b"GET /hidden HTTP/1.1\r\n" + HOST + b"\r\n"
        for head in (
            b"Content-Length: 100001\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n30000\r\n"
            + b"x" * serving.MAX_BODY,
        ):
            answer = self.say(
                b"POST / HTTP/1.1\r\n" + HOST + head + b"x" + hidden * 9
            )
            self.assertEqual(1, answer.count(b"HTTP/1.1"))
            self.assertEqual(413, self.status(answer))
        self.assertEqual([], self.calls)

    def test_who_sends_on_gets_the_refusal(self):
        self.serve()
        answer = self.say(
            b"POST / HTTP/1.1\r\n"
            + HOST
            + b"Content-Length: 9999999\r\n\r\n"
            + b"x" * 9_999_999
        )
        self.assertEqual(413, self.status(answer))

    def test_there_is_no_other_protocol(self):
        self.serve()
        self.refused(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400)
        for other in (
            b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n",
            b"Connection: upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        ):
            head = b"GET /a HTTP/1.1\r\n" + HOST + other
            sock = self.connect(head + b"\r\n")
            self.assertEqual(200, self.status(self.hear(sock, b"/a ")))

    def test_what_comes_behind_the_last_request_is_none(self):
        go, asked = threading.Event(), threading.Event()
        self.addCleanup(go.set)

        def app(environ, start_response):
            asked.set()
            go.wait(20)
            return self.echo(environ, start_response)

        self.serve(app)
        last = b"GET /last HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
        sock = self.connect(last)
        self.assertTrue(asked.wait(20))
        sock.sendall(b"GET /hidden HTTP/1.1\r\n" + HOST + b"\r\n")
        self.assertEqual(400, self.status(self.rest(sock)))
        go.set()
        wait.until(lambda: self.calls, "the end of the call")
        self.server.stop()
        self.assertEqual(["/last"], [path for _, path, _ in self.calls])
        self.assertNotIn("Traceback", self.log.output)
