# SPDX-License-Identifier: Apache-2.0
"""The server as a party to HTTP/1.1 (RFC 9112)."""

import socket
import threading

from reposync.api.serving import server
from tests.fixtures import wait
from tests.unit.api import serving

HOST = b"Host: a\r\n"
LAST = HOST + b"Connection: close\r\n"


class HttpTest(serving.ServingTestCase):
    """One behaviour each."""

    def test_a_connection_is_used_again(self):
        self.serve()
        sock = self.connect()
        for n in range(3):
            body = b"x" * n
            sock.sendall(
                b"POST /%d HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s"
                % (n, HOST, n, body)
            )
            self.hear(sock, b"/%d %s" % (n, body))

    def test_requests_sent_at_once_are_answered_in_turn(self):
        self.serve()
        one = b"GET /%d HTTP/1.1\r\n" + HOST + b"\r\n"
        sock = self.connect(b"".join(one % n for n in range(200)))
        answers = self.hear(sock, b"/199 ")
        self.assertEqual(200, answers.count(b"HTTP/1.1 200"))
        self.assertEqual(
            [f"/{n}" for n in range(200)], [path for _, path, _ in self.calls]
        )

    def test_a_body_in_pieces(self):
        self.serve()
        answer = self.say(
            b"PUT /a HTTP/1.1\r\n"
            + LAST
            + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n"
            b"0\r\nTrailer: 1\r\n\r\n"
        )
        self.assertIn(b"/a abcde", answer)

    def test_who_waits_for_100_gets_it(self):
        self.serve()
        sock = self.connect(
            b"PUT /a HTTP/1.1\r\n"
            + LAST
            + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        )
        self.hear(sock, b"100")
        sock.sendall(b"abc")
        self.assertIn(b"/a abc", self.rest(sock))

    def test_who_waits_for_100_with_too_much_is_refused(self):
        self.serve()
        answer = self.say(
            b"PUT /a HTTP/1.1\r\n"
            + HOST
            + b"Content-Length: 100001\r\nExpect: 100-continue\r\n\r\n"
        )
        self.assertEqual(413, self.status(answer))

    def test_head_has_no_body(self):
        self.serve()
        answer = self.say(b"HEAD /a HTTP/1.1\r\n" + LAST + b"\r\n")
        self.assertTrue(answer.endswith(b"\r\n\r\n"), answer)
        self.assertIn(b"content-length: 3", answer.lower())

    def test_http_1_0(self):
        self.serve()
        answer = self.say(b"GET /a HTTP/1.0\r\n\r\n")
        self.assertIn(b"/a", answer)

    def test_targets(self):
        self.serve()
        for target, path in (
            (b"http://a.example:1/p?q", "/p"),
            (b"http://a.example", "/"),
            (b"/a%20b%2Fc%C3%A4", "/a b/c\xc3\xa4"),
            (b"//a", "//a"),
            (b"/%ff%00", "/\xff\0"),
            (b"*", "/"),
        ):
            self.say(b"OPTIONS " + target + b" HTTP/1.1\r\n" + LAST + b"\r\n")
            self.assertEqual(path, self.calls[-1][1])

    def test_headers(self):
        seen = {}

        def app(environ, start_response):
            seen.update(environ)
            return self.echo(environ, start_response)

        self.serve(app)
        self.say(
            b"GET / HTTP/1.1\r\n"
            + LAST
            + b"X-A: 1\r\nX-A: 2\r\nX_Auth_Token: forged\r\n"
            b"X-Identity_Status: forged\r\nContent-Type: text/plain\r\n\r\n"
        )
        self.assertEqual(
            ("1, 2", "0", "text/plain", "127.0.0.1", "http"),
            (
                seen["HTTP_X_A"],
                seen["CONTENT_LENGTH"],
                seen["CONTENT_TYPE"],
                seen["REMOTE_ADDR"],
                seen["wsgi.url_scheme"],
            ),
        )
        self.assertNotIn("HTTP_X_AUTH_TOKEN", seen)
        self.assertNotIn("HTTP_X_IDENTITY_STATUS", seen)

    def test_an_answer_that_breaks_is_not_taken_for_whole(self):
        def app(environ, start_response):
            if environ["PATH_INFO"] == "/before":
                raise ValueError("before")
            start_response("200 OK", [])
            yield b"a"
            raise ValueError("within")

        def outer(environ, start_response):
            return app(environ, start_response)

        self.serve(outer)
        sock = self.connect(b"GET /before HTTP/1.1\r\n" + HOST + b"\r\n")
        self.assertEqual(500, self.status(self.rest(sock)))
        sock = self.connect(b"GET /within HTTP/1.1\r\n" + HOST + b"\r\n")
        self.hear(sock, b"a\r\n")
        try:
            rest = self.rest(sock)
        except ConnectionResetError:
            rest = b""
        self.assertNotIn(b"0\r\n\r\n", rest)
        self.assertIn("Exception in ASGI application", self.log.output)

    def test_an_answer_may_be_empty(self):
        def app(environ, start_response):
            start_response("204 No Content", [("X-A", "b")])
            return []

        self.serve(app)
        answer = self.say(b"GET / HTTP/1.1\r\n" + LAST + b"\r\n")
        self.assertEqual(204, self.status(answer))
        self.assertIn(b"x-a: b", answer.lower())

    def test_a_caller_that_leaves_ends_what_is_made_for_it(self):
        ended = threading.Event()

        def lines():
            try:
                while not ended.wait(0.01):
                    yield b"line\n"
            finally:
                ended.set()

        def app(environ, start_response):
            start_response("200 OK", [])
            return lines()

        self.serve(app)
        sock = self.connect(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        self.hear(sock, b"line")
        sock.close()
        self.assertTrue(ended.wait(20))

    def test_a_stop_answers_what_was_begun(self):
        go, asked = threading.Event(), threading.Event()

        def app(environ, start_response):
            asked.set()
            go.wait(20)
            return self.echo(environ, start_response)

        self.serve(app)
        idle = self.connect()
        sock = self.connect(b"GET /late HTTP/1.1\r\n" + HOST + b"\r\n")
        self.assertTrue(asked.wait(20))
        stopping = threading.Thread(target=self.server.stop)
        stopping.start()
        self.assertEqual(b"", self.rest(idle))
        wait.until(self.is_closed, "the end of the listener")
        go.set()
        self.assertIn(b"/late", self.rest(sock))
        stopping.join(20)
        self.assertFalse(stopping.is_alive())

    def is_closed(self):
        try:
            self.connect().close()
        except OSError:
            return True
        return False

    def test_ipv6(self):
        self.serve(bind_host="::")
        for host in ("127.0.0.1", "::1"):
            sock = socket.create_connection((host, self.server.port), 20)
            self.addCleanup(sock.close)
            sock.sendall(b"GET /six HTTP/1.1\r\n" + LAST + b"\r\n")
            self.assertIn(b"/six", self.rest(sock))

    def test_processes_share_a_port(self):
        self.serve(workers=2)
        self.config(bind_port=self.server.port, group="api")
        second = server.ApiServer(self.conf, self.echo)
        second.start()
        self.addCleanup(second.stop)
        self.assertEqual(self.server.port, second.port)
