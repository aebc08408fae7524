# SPDX-License-Identifier: Apache-2.0
"""What strangers' requests may cost: memory of a real process."""

import contextlib
import socket
import ssl
import threading
from urllib import parse

import fixtures
import requests

from lab import certificates
from tests.fixtures import standalone
from tests.unit import base

HUGE = 64 * 1024 * 1024
#: Bytes by which the process may grow.
MOST = 20 * 1024 * 1024
PIECE = b"x" * 65536
HEAD = b"POST /v1/notify HTTP/1.1\r\nHost: a\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
KINDS = {
    "header": (HEAD + b"X: ", PIECE),
    "body": (HEAD + b"Content-Length: %d\r\n\r\n" % HUGE, PIECE),
    "chunks": (CHUNKED, b"%x\r\n%s\r\n" % (len(PIECE), PIECE)),
    "chunk": (CHUNKED + b"%x\r\n" % HUGE, PIECE),
}


class MemoryTest(base.TestCase):
    """reposync-standalone as a user starts it, and 25 of each kind at once."""

    def start(self, options=None):
        self.service = standalone.Standalone(self.path, {"api": options or {}})
        if options:
            self.service.url = self.service.url.replace("http:", "https:")
        self.service.start()
        self.addCleanup(self.service.stop)

    def memory(self, name):
        path = f"/proc/{self.service.process.pid}/status"
        with open(path, encoding="ascii") as file:
            [value] = [line for line in file if line.startswith(f"{name}:")]
        return int(value.split()[1]) * 1024

    def connect(self, context):
        port = parse.urlsplit(self.service.url).port
        sock = socket.create_connection(("127.0.0.1", port), 60)
        if context is None:
            return sock
        return context.wrap_socket(sock, server_hostname="127.0.0.1")

    def send(self, context, begin, piece):
        """Send it all, or go on until it is refused."""
        with contextlib.suppress(OSError), self.connect(context) as sock:
            sock.sendall(begin)
            for _ in range(HUGE // len(PIECE)):
                sock.sendall(piece)
                if self.has_heard(sock):
                    break

    def has_heard(self, sock):
        sock.setblocking(False)
        try:
            sock.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            sock.settimeout(60)
        return True

    def flood(self, context=None):
        for _ in range(20):
            requests.get(f"{self.service.url}/v1", timeout=20)
        before = self.memory("VmRSS")
        # The peak begins anew.
        with open(f"/proc/{self.service.process.pid}/clear_refs", "w") as file:
            file.write("5")
        senders = [
            threading.Thread(target=self.send, args=(context, *kind))
            for kind in KINDS.values()
            for _ in range(25)
        ]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        answer = requests.get(f"{self.service.url}/v1", timeout=20)
        self.assertEqual(200, answer.status_code)
        self.assertLess(self.memory("VmHWM") - before, MOST)

    def test_a_hundred_huge_requests(self):
        self.start()
        self.flood()

    def test_so_it_is_with_tls(self):
        folder = self.path / "tls"
        folder.mkdir()
        certificates.make(folder)
        authority = str(folder / "ca.pem")
        self.useFixture(
            fixtures.EnvironmentVariable("REQUESTS_CA_BUNDLE", authority)
        )
        self.start(
            {
                "tls_cert_file": str(folder / "server-cert.pem"),
                "tls_key_file": str(folder / "server-key.pem"),
            }
        )
        self.flood(ssl.create_default_context(cafile=authority))
