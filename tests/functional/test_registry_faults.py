# SPDX-License-Identifier: Apache-2.0
"""The registry source behind a proxy that breaks things."""

import os
import threading
import time

from lab import images
from reposync import exception
from reposync import reference as ref
from tests.contract import source as contract
from tests.fixtures import faulty
from tests.fixtures import wait
from tests.functional import test_registry_source

SIZE = 3_000_000


class FaultTestCase(test_registry_source.RegistryTestCase):
    """A test with an image of one incompressible layer behind a proxy."""

    def setUp(self):
        super().setUp()
        self.upstream = self.lab["LAB_REGISTRY"]
        self.pushed = images.push_image(
            self.upstream, "test/fault", "1", {"a": os.urandom(SIZE)}
        )
        self.proxy = self.useFixture(faulty.FaultyProxy(self.upstream))
        self.reference = ref.Reference.parse(f"{self.proxy.host}/test/fault:1")

    def resolve(self):
        return self.source.resolve(self.reference, contract.PLATFORM)

    def read(self, note=lambda *_: None):
        with self.source.archive(self.resolve(), note) as archive:
            data = b"".join(archive)
            self.assertEqual(archive.size, len(data))
            return data

    def break_blobs(self, fault):
        """Treat requests for the layer specially.

        :param fault: called with the handler and the number of the request
        """
        count = 0

        def all_of_it(handler):
            nonlocal count
            config = self.pushed.image_id in handler.path
            blob = handler.command == "GET" and "/blobs/" in handler.path
            if blob and not config:
                count += 1
                return fault(handler, count)
            return None

        self.proxy.fault = all_of_it


class BrokenDownloadTest(FaultTestCase):
    """Connections that break while a layer comes."""

    def test_it_goes_on_where_it_broke_off(self):
        self.break_blobs(
            lambda handler, count: (
                handler.pass_on(most=1_000_000) if count < 3 else None
            )
        )
        self.assertEqual(self.pushed.image_id, self.load(self.read()))
        ranges = [
            headers.get("range")
            for _, path, headers in self.proxy.seen
            if "/blobs/" in path and self.pushed.image_id not in path
        ]
        self.assertEqual([None, "bytes=1000000-", "bytes=2000000-"], ranges)

    def test_a_registry_that_knows_no_ranges(self):
        self.break_blobs(
            lambda handler, count: handler.pass_on(
                most=1_000_000 if count < 3 else None, ranged=False
            )
        )
        self.assertEqual(self.pushed.image_id, self.load(self.read()))

    def test_one_that_breaks_each_time_is_given_up(self):
        self.config(attempts=2, group="registry")
        self.break_blobs(lambda handler, count: handler.pass_on(most=0))
        self.assertRaises(exception.SourceUnavailable, self.read)

    def test_other_bytes_never_make_a_whole_archive(self):
        for change in (
            lambda body: b"x" + body[1:],
            lambda body: body[:-1] + b"x",
            lambda body: body + b"x",
            lambda body: body[:-1],
        ):
            self.break_blobs(
                lambda handler, count, change=change: self.lie(handler, change)
            )
            pieces = []

            def collect(pieces=pieces):
                with self.source.archive(
                    self.resolve(), lambda *_: None
                ) as archive:
                    self.size = archive.size
                    pieces.extend(archive)

            self.assertRaises(exception.ArchiveDamaged, collect)
            self.assertLess(sum(map(len, pieces)), self.size)

    def lie(self, handler, change):
        _, _, body = handler.fetch()
        handler.answer(200, change(body))
        return True

    def test_other_bytes_where_it_goes_on(self):
        self.break_blobs(
            lambda handler, count: (
                handler.pass_on(most=1_000_000)
                if count == 1
                else handler.pass_on(change=lambda body: body[::-1])
            )
        )
        self.assertRaises(exception.ArchiveDamaged, self.read)

    def test_a_silent_registry_does_not_hold_a_copy_that_is_stopped(self):
        silent, over = threading.Event(), threading.Event()
        self.addCleanup(over.set)

        def fall_silent(handler, count):
            handler.begin()
            silent.set()
            over.wait(60)
            return True

        self.break_blobs(fall_silent)

        def note(phase, done, total):
            if silent.is_set():
                raise contract.Stopped

        begun = time.monotonic()
        self.assertRaises(contract.Stopped, self.read, note)
        self.assertLess(time.monotonic() - begun, 30)
        wait.until(
            lambda: (
                not [
                    thread
                    for thread in threading.enumerate()
                    if "_read" in thread.name
                ]
            ),
            "the end of the reading thread",
        )

    def test_errors_that_may_pass(self):
        left = [500, 502, 503]

        def fail(handler):
            if left and "/blobs/" not in handler.path:
                handler.answer(left.pop())
                return True
            return None

        self.proxy.fault = fail
        self.assertTrue(self.read())
