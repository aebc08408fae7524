# SPDX-License-Identifier: Apache-2.0
"""The registry source opens a layer while the end of another is read."""

import hashlib
import os

from lab import images
from reposync import exception
from reposync import reference as ref
from tests.contract import source as contract
from tests.fixtures import faulty
from tests.fixtures import wait
from tests.functional import test_registry_source


class AheadTest(test_registry_source.RegistryTestCase):
    """Images of several incompressible layers, behind a proxy."""

    def setUp(self):
        super().setUp()
        upstream = self.lab["LAB_REGISTRY"]
        layers = [
            images.Layer.of_files({name: os.urandom(3_000_000)})
            for name in "abc"
        ]
        self.pushed = images.push_image(upstream, "test/ahead", "1", layers)
        self.layers = [
            hashlib.sha256(layer.data).hexdigest() for layer in layers
        ]
        self.proxy = self.useFixture(faulty.FaultyProxy(upstream))
        self.reference = ref.Reference.parse(f"{self.proxy.host}/test/ahead:1")

    def archive(self):
        resolved = self.source.resolve(self.reference, contract.PLATFORM)
        return self.source.archive(resolved, lambda *_: None)

    def read(self):
        with self.archive() as archive:
            return b"".join(archive)

    def read_on(self, archive, number):
        """Read to the first piece of the first layer; gives the rest."""
        pieces = iter(archive)
        while self.asked(self.layers[0]) < number:
            next(pieces)
        return pieces

    def asked(self, layer):
        return len(self.proxy.paths("GET", layer))

    def concurrency(self, number):
        self.config(concurrency=number, group="registry")
        self.source = type(self.source)(self.conf)

    def test_the_next_is_open_before_the_end_of_this_one(self):
        first, second, _ = self.layers

        def hold(handler):
            """Keep the end of the first back until the second is wanted."""
            if first not in handler.path:
                return None
            body = handler.begin()
            handler.wfile.write(body[:-1000])
            wait.until(lambda: self.asked(second))
            handler.wfile.write(body[-1000:])
            return True

        self.proxy.fault = hold
        self.assertEqual(self.pushed.image_id, self.load(self.read()))
        self.assertEqual([1, 1, 1], [*map(self.asked, self.layers)])

    def test_without_a_free_request_nothing_is_opened(self):
        self.concurrency(1)
        with self.archive() as archive:
            pieces = self.read_on(archive, 1)
            next(pieces)
            self.assertEqual(0, self.asked(self.layers[1]))
            for _ in pieces:
                pass
        self.assertEqual([1, 1, 1], [*map(self.asked, self.layers)])

    def test_what_could_not_be_opened_is_asked_for_again(self):
        self.config(attempts=1, group="registry")
        failed = []

        def fail(handler):
            if self.layers[1] in handler.path and not failed:
                failed.append(handler.path)
                handler.answer(503, b"")
                return True
            return None

        self.proxy.fault = fail
        self.assertEqual(self.pushed.image_id, self.load(self.read()))
        self.assertEqual([1, 2, 1], [*map(self.asked, self.layers)])

    def test_what_was_opened_in_vain_is_closed(self):
        self.concurrency(2)
        for number in range(1, 4):
            with self.archive() as archive:
                self.read_on(archive, number)
                wait.until(lambda n=number: self.asked(self.layers[1]) == n)
        # None of the two requests is held by what came to nothing.
        self.assertEqual(self.pushed.image_id, self.load(self.read()))

    def test_other_bytes_in_what_was_opened(self):
        self.proxy.fault = lambda handler: (
            handler.pass_on(change=lambda body: body[::-1])
            if self.layers[1] in handler.path
            else None
        )
        self.assertRaises(exception.ArchiveDamaged, self.read)
