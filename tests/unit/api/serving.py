# SPDX-License-Identifier: Apache-2.0
"""What tests of the server share: a server, and raw connections to it."""

import contextlib
import socket
import ssl

import oslo_middleware

from lab import certificates
from reposync.api.serving import server
from tests.unit import base

MAX_BODY = 100_000


class ServingTestCase(base.TestCase):
    """A test with a server and an application of its own.

    :ivar calls: methods, paths and bodies of the requests it got
    """

    def setUp(self):
        super().setUp()
        self.calls = []

    def serve(self, app=None, **options):
        self.config(
            bind_port=0, threads=4, **{"max_streams": 2} | options, group="api"
        )
        # It brings the option with it.
        oslo_middleware.RequestBodySizeLimiter(None, self.conf)
        self.config(max_request_body_size=MAX_BODY, group="oslo_middleware")
        self.server = server.ApiServer(self.conf, app or self.echo)
        self.server.start()
        self.addCleanup(self.server.stop)

    def tls(self):
        """Make certificates; returns options and a caller's context."""
        folder = self.path / "tls"
        folder.mkdir()
        certificates.make(folder)
        context = ssl.create_default_context(cafile=folder / "ca.pem")
        return {
            "tls_cert_file": str(folder / "server-cert.pem"),
            "tls_key_file": str(folder / "server-key.pem"),
        }, context

    def echo(self, environ, start_response):
        """Answer with the body that came."""
        body = environ["wsgi.input"].read()
        path = environ["PATH_INFO"]
        self.calls.append((environ["REQUEST_METHOD"], path, body))
        said = path.encode("latin-1") + b" " + body
        start_response("200 OK", [("Content-Length", str(len(said)))])
        return [said]

    def connect(self, data=b""):
        """Open a connection and say something."""
        sock = socket.create_connection(("127.0.0.1", self.server.port), 20)
        self.addCleanup(sock.close)
        sock.sendall(data)
        return sock

    def say(self, data):
        """Say something, and give all that is answered until the end."""
        return self.rest(self.connect(data))

    def rest(self, sock):
        """Read until the server closes the connection."""
        said = b""
        while piece := sock.recv(65536):
            said += piece
        return said

    def status(self, answer):
        return int(answer.split(b" ", 2)[1])

    def hear(self, sock, end):
        """Read until something was said."""
        said = b""
        while end not in said:
            piece = sock.recv(65536)
            self.assertTrue(piece, said)
            said += piece
        return said

    def is_alive(self, context=None, count=1):
        """Be an ordinary caller, who gets an answer each time."""
        for _ in range(count):
            with contextlib.ExitStack() as stack:
                sock = stack.enter_context(self.connect())
                if context:
                    sock = stack.enter_context(
                        context.wrap_socket(sock, server_hostname="127.0.0.1")
                    )
                sock.sendall(
                    b"GET /alive HTTP/1.1\r\nHost: a\r\n"
                    b"Connection: close\r\n\r\n"
                )
                self.assertIn(b"/alive", self.rest(sock))
