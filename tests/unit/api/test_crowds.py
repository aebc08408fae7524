# SPDX-License-Identifier: Apache-2.0
"""The server among callers that are silent, slow, or too many."""

import contextlib
import itertools
import threading

from tests.fixtures import wait
from tests.unit.api import serving

SLOW = (
    b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n" + b"x" * 99
)


class CrowdTest(serving.ServingTestCase):
    """An ordinary request is answered meanwhile, every time."""

    def dribble(self, socks):
        """Send a byte a second on each of them, until the test ends."""
        done = threading.Event()

        def send():
            for n in itertools.count(1):
                if done.wait(1):
                    return
                for sock in socks:
                    with contextlib.suppress(OSError):
                        sock.sendall(SLOW[n : n + 1])

        thread = threading.Thread(target=send)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(done.set)

    def test_silent_and_slow_callers_hold_nobody(self):
        self.serve()
        for _ in range(200):
            self.connect()
        self.dribble([self.connect(SLOW[:1]) for _ in range(50)])
        self.is_alive(count=50)

    def test_so_it_is_with_tls(self):
        options, context = self.tls()
        self.serve(**options)
        for n in range(200):
            # Some begin a handshake, which has the type 22.
            self.connect(b"\x16\x03\x01" if n % 2 else b"")
        slow = [
            context.wrap_socket(self.connect(), server_hostname="127.0.0.1")
            for _ in range(50)
        ]
        for sock in slow:
            self.addCleanup(sock.close)
            sock.sendall(SLOW[:1])
        self.dribble(slow)
        self.is_alive(context, count=50)

    def test_the_silent_are_closed_in_time(self):
        options, _ = self.tls()
        for each in ({}, options):
            self.serve(timeout=1, **each)
            self.assertEqual(b"", self.say(b""))
            self.server.stop()

    def test_a_handshake_in_drops_is_cut_off(self):
        options, _ = self.tls()
        self.serve(timeout=10, request_timeout=1, **options)
        sock = self.connect(b"\x16\x03\x01\x02\x00")

        def cut():
            try:
                sock.sendall(b"\x01")
            except OSError:
                return True
            return False

        wait.until(cut, "the end of the connection")

    def test_a_stop_does_not_wait_for_the_idle(self):
        options, context = self.tls()
        self.serve(**options)
        kept = []
        for _ in range(3):
            sock = context.wrap_socket(
                self.connect(), server_hostname="127.0.0.1"
            )
            self.addCleanup(sock.close)
            sock.sendall(b"GET /idle HTTP/1.1\r\nHost: a\r\n\r\n")
            self.hear(sock, b"/idle")
            kept.append(sock)
        stopping = threading.Thread(target=self.server.stop)
        stopping.start()
        stopping.join(20)
        self.assertFalse(stopping.is_alive())

    def test_who_does_not_read_gives_the_thread_back(self):
        ended = threading.Event()

        def endless():
            try:
                while True:
                    yield b"x" * 65536
            finally:
                ended.set()

        def app(environ, start_response):
            start_response("200 OK", [])
            return endless()

        self.serve(app, timeout=1)
        self.connect(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertTrue(ended.wait(20))

    def test_many_unfinished_bodies_do_not_add_up(self):
        self.serve()
        part = SLOW.replace(b"99", b"90000") + b"x" * 89_000
        first = self.connect(part)
        for _ in range(5):
            self.connect(part)
        self.assertEqual(503, self.status(self.rest(first)))
        self.is_alive()

    def serve_held(self):
        """Serve nobody until the event that is given back is set."""
        go = threading.Event()
        self.addCleanup(go.set)

        def app(environ, start_response):
            go.wait(20)
            return self.echo(environ, start_response)

        self.serve(app)
        return go

    def test_whole_bodies_wait_for_their_turn(self):
        go = self.serve_held()
        socks = [self.connect(SLOW) for _ in range(60)]
        go.set()
        for sock in socks:
            self.hear(sock, SLOW[-99:])

    def test_whole_bodies_do_not_add_up_without_limit(self):
        go = self.serve_held()
        large = SLOW.replace(b"99", b"90000") + b"x" * (90_000 - 99)
        socks = [self.connect(large) for _ in range(30)]
        wait.until(lambda: '" 503 ' in self.log.output, "a refusal")
        go.set()
        first = [self.status(self.hear(sock, b"\r\n")) for sock in socks]
        self.assertEqual({200, 503}, set(first))

    def test_a_stop_waits_for_answers_that_are_read(self):
        size = 8 * 1024 * 1024

        def app(environ, start_response):
            start_response("200 OK", [("Content-Length", str(size))])
            return [b"x" * size]

        self.serve(app)
        sock = self.connect(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        head = self.hear(sock, b"\r\n\r\n")
        heard = len(head.partition(b"\r\n\r\n")[2])
        stopping = threading.Thread(target=self.server.stop)
        stopping.start()
        while heard < size:
            piece = sock.recv(65536)
            self.assertTrue(piece, heard)
            heard += len(piece)
            # Three seconds for all of it: slower than idle callers may be.
            threading.Event().wait(3 * len(piece) / size)
        sock.close()
        stopping.join(20)
