# SPDX-License-Identifier: Apache-2.0
"""Connections, redirects, and answers that take for ever."""

import contextlib
import socket
import threading
import time

import urllib3

from reposync import context
from reposync import exception
from reposync.sources.registry.transport import connections
from tests.fixtures import wait
from tests.unit import base
from tests.unit.sources import registry_case


class ConnectionTest(registry_case.RegistryCase):
    """What servers do with connections."""

    def test_one_that_is_closed_when_it_is_used_again(self):
        self.config(attempts=1, group="registry")
        served = set()

        def hang_up(handler):
            if handler.connection in served:
                handler.close_connection = True
                return True
            served.add(handler.connection)
            return None

        self.registry.fault = hang_up
        self.read()

    def test_one_that_is_closed_each_time(self):
        def hang_up(handler):
            handler.close_connection = True
            return True

        self.resolve()
        self.registry.seen.clear()
        self.registry.fault = hang_up
        self.assertRaises(exception.SourceUnavailable, self.resolve)
        # One was not counted: its connection had served before.  The last one
        # is a GET, as HEAD alone may be what a proxy hangs up at.
        self.assertEqual(5, len(self.registry.seen))
        self.assertEqual("GET", self.registry.seen[-1][0])

    def test_interim_answers(self):
        def hint(handler):
            if "/manifests/" in handler.path:
                for status in (102, 103):
                    handler.send_response_only(status)
                    handler.send_header("Link", "</x>; rel=preload")
                    handler.end_headers()

        self.registry.fault = hint
        self.read()
        self.assertEqual(1, self.registry.asked("GET", "/manifests/"))

    def test_a_manifest_that_is_cut(self):
        self.at(
            "/manifests/",
            lambda handler, count: (
                handler.serve(most=10) if count == 1 else None
            ),
        )
        self.read()


class AddressesTest(base.TestCase):
    """Whom a name leads to."""

    def setUp(self):
        super().setUp()
        manager = urllib3.PoolManager()
        connections.watch(manager)
        self.pool = manager.connection_from_url("http://127.0.0.1:1/")

    def connection(self, port):
        made = self.pool.ConnectionCls("127.0.0.1", port, timeout=3)
        self.addCleanup(made.close)
        return made

    def full(self, address=""):
        """Listen, at each address of the host or one, and take no caller."""
        listening = self.enterContext(socket.socket())
        listening.bind((address, 0))
        listening.listen(0)
        place = "127.0.0.1", listening.getsockname()[1]
        for _ in range(2):
            caller = self.enterContext(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(place)
        return place[1]

    def test_thousands_that_do_not_answer(self):
        connection = self.connection(self.full())
        addresses = [f"127.0.{n // 250}.{n % 250 + 1}" for n in range(4000)]
        found = []

        def connect():
            try:
                connection._connect(addresses)
            except OSError as error:
                found.append(error)

        thread = threading.Thread(target=connect, daemon=True)
        thread.start()
        wait.until(lambda: found, "the end of all the time there is", 60)
        self.assertIsInstance(found[0], TimeoutError)

    def test_one_that_answers_behind_one_that_does_not(self):
        port = self.full("127.0.0.1")
        with socket.create_server(("127.0.0.9", port)):
            sock = self.connection(port)._connect(["127.0.0.1", "127.0.0.9"])
            self.addCleanup(sock.close)
            self.assertEqual(("127.0.0.9", port), sock.getpeername())
            self.assertEqual(3, sock.gettimeout())


class RedirectTest(registry_case.RegistryCase):
    """Where redirects lead to."""

    def chain(self, links, status=307):
        """Redirect so often before the blob comes."""

        def follow(handler, count):
            number = int(handler.path.partition("?")[2] or 0)
            if number >= links:
                handler.path = handler.path.partition("?")[0]
                return None
            return handler.say(status, Location=f"?{number + 1}")

        self.at(self.registry.layer, follow)

    def test_relative_ones_of_each_kind(self):
        for status in (301, 302, 303, 307, 308):
            self.chain(7, status)
            self.read()

    def test_too_many(self):
        self.chain(20)
        error = self.assertRaises(exception.SourceUnavailable, self.read)
        self.assertIn("without end", error.message)

    def test_a_loop(self):
        self.at(
            self.registry.layer,
            lambda handler, _: handler.say(307, Location=handler.path),
        )
        self.assertRaises(exception.SourceUnavailable, self.read)
        self.assertEqual(3, self.registry.asked("GET", self.registry.layer))

    def test_to_nowhere(self):
        for headers, words in (
            ({}, "does not say where to"),
            ({"Location": "http://[broken"}, "no address"),
            ({"Location": "ftp://a.example.org/"}, "ftp://a.example.org"),
            ({"Location": "http://a.example.org/"}, "not https"),
            ({"Location": "//a.example.org/"}, "not https"),
        ):
            registry = self.serve()
            registry.fault = lambda handler, said=headers: handler.say(
                302, **said
            )
            error = self.assertRaises(
                exception.SourceError, self.resolve, self.name(registry)
            )
            self.assertIn(words, error.message)
            self.assertIn(registry.host, error.message)


class SlowTest(registry_case.RegistryCase):
    """A byte now and then is no sign of life."""

    def setUp(self):
        super().setUp()
        self.config(attempts=1, read_timeout=1, group="registry")
        self.over = threading.Event()
        self.addCleanup(self.over.set)

    def drip(self, handler, head, piece=b" "):
        """Send something, and then a byte at a time."""
        with contextlib.suppress(OSError):
            handler.wfile.write(head)
            while not self.over.wait(0.1):
                handler.wfile.write(piece)
        return True

    def test_a_manifest_by_drips(self):
        self.at(
            "/manifests/",
            lambda handler, _: self.drip(
                handler, b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"
            ),
        )
        error = self.assertRaises(exception.SourceUnavailable, self.read)
        self.assertIn("took longer than 1 s", error.message)

    def test_headers_by_drips(self):
        self.at(
            "/manifests/",
            lambda handler, _: self.drip(
                handler, b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"
            ),
            "HEAD",
        )
        error = self.assertRaises(exception.SourceUnavailable, self.resolve)
        self.assertIn("took longer than 1 s", error.message)

    def test_headers_by_drips_through_another_kind_of_connection(self):
        class Pool(urllib3.HTTPConnectionPool):
            class ConnectionCls(urllib3.connection.HTTPConnection):
                pass

        manager = urllib3.PoolManager()
        manager.pool_classes_by_scheme = {"http": Pool}
        connections.watch(manager)
        pool = manager.connection_from_url(f"http://{self.registry.host}/")
        self.assertIsInstance(pool, Pool)
        connection = pool.ConnectionCls(pool.host, pool.port, timeout=1)
        self.addCleanup(connection.close)
        self.registry.fault = lambda handler: self.drip(
            handler, b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"
        )
        connection.request("GET", "/")
        error = self.assertRaises(
            exception.SourceUnavailable, connection.getresponse
        )
        self.assertIn("took longer than 1 s", error.message)

    def test_a_blob_by_drips(self):
        self.refused_by_drips(1024 * 1024)

    def test_what_is_left_of_a_blob_by_drips(self):
        # As fast as this the layer takes a second, and 1 MiB takes 3.
        self.refused_by_drips(registry_case.SIZE)

    def refused_by_drips(self, lowest_rate):
        self.config(lowest_rate=lowest_rate, group="registry")
        self.source = type(self.source)(self.conf)
        self.at(
            self.registry.layer,
            lambda handler, _: self.drip(
                handler, b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n"
            ),
        )
        error = self.assertRaises(exception.SourceUnavailable, self.read)
        self.assertIn("took longer than 1 s", error.message)

    def test_what_is_cancelled_waits_for_no_turn(self):
        self.config(concurrency=1, group="registry")
        self.source = type(self.source)(self.conf)
        stack = self.enterContext(contextlib.ExitStack())
        stack.enter_context(self.source._slot(self.reference))
        self.stopped()
        self.assertRaises(exception.StoppingService, self.resolve)
        stack.close()
        context.leave()
        self.read()

    def test_what_is_cancelled_does_not_wait(self):
        self.config(read_timeout=600, group="registry")
        self.source = type(self.source)(self.conf)
        dripping = threading.Event()

        def fault(handler, _):
            dripping.set()
            return self.drip(handler, b"HTTP/1.1 200 OK\r\nX-Long: ", b"x")

        self.at("/manifests/", fault, "HEAD")

        def check():
            if dripping.is_set():
                raise exception.OperationCancelled("Cancelled")

        found = []

        def work():
            context.enter(
                "1",
                request_id=None,
                project_id=None,
                user_id=None,
                check=check,
            )
            try:
                self.resolve()
            except exception.ReposyncError as error:
                found.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        wait.until(lambda: found, "the end of what was cancelled", 20)
        thread.join()
        self.assertIsInstance(found[0], exception.OperationCancelled)

    def stopped(self):
        """Let the work of this thread have to end."""

        def check():
            raise exception.StoppingService("stop")

        context.enter(
            "1", request_id=None, project_id=None, user_id=None, check=check
        )
        self.addCleanup(context.leave)

    def test_a_sleeper_is_woken(self):
        self.stopped()
        begun = time.monotonic()
        self.assertRaises(exception.StoppingService, context.sleep, 600)
        self.assertLess(time.monotonic() - begun, 60)
