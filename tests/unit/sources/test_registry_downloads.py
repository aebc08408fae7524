# SPDX-License-Identifier: Apache-2.0
"""Downloads that break off, and how they go on."""

import gzip
import os

import testscenarios

from lab import images
from reposync import exception
from tests.unit.sources import registry_case

CUT = 100_000
HALF = registry_case.SIZE // 2


class BrokenTest(registry_case.RegistryCase):
    """Progress is what was not there before."""

    def test_it_goes_on_where_it_broke_off(self):
        self.at(
            self.registry.layer,
            lambda handler, count: handler.serve(
                most=CUT if count < 3 else None
            ),
        )
        self.read()
        self.assertEqual(
            [None, "bytes=100000-", "bytes=200000-"], self.registry.ranges
        )

    def test_a_cache_that_breaks_at_the_same_byte_is_given_up(self):
        self.at(
            self.registry.layer,
            lambda handler, _: handler.cut(self.layer[:CUT], len(self.layer)),
        )
        self.assertRaises(exception.SourceUnavailable, self.read)
        # One that brought something, and three that brought nothing new.
        self.assertEqual(4, len(self.registry.ranges))

    def test_a_byte_with_each_request_does_not_go_on_for_ever(self):
        self.config(attempts=1, group="registry")
        self.at(self.registry.layer, lambda handler, _: handler.serve(most=1))
        self.assertRaises(exception.SourceUnavailable, self.read)
        # Eleven, and one more for the whole.
        self.assertEqual(12, len(self.registry.ranges))

    def test_a_refused_request_is_sent_so_often_and_no_more(self):
        self.at(self.registry.layer, lambda handler, _: handler.say(503))
        self.assertRaises(exception.SourceUnavailable, self.read)
        self.assertEqual(3, len(self.registry.ranges))

    def test_a_registry_without_lengths(self):
        def chunked(handler, _):
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            for piece in (self.layer[:CUT], self.layer[CUT:], b""):
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            return True

        self.at(self.registry.layer, chunked)
        self.read()

    def test_a_layer_that_is_longer(self):
        def endless(handler, _):
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            for piece in (self.layer, self.layer, b""):
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            return True

        self.at(self.registry.layer, endless)
        data = bytearray()
        resolved = self.resolve()
        with self.source.archive(resolved, lambda *_: None) as archive:
            error = self.assertRaises(
                exception.ArchiveDamaged,
                lambda: [data.extend(piece) for piece in archive],
            )
            self.assertLess(len(data), archive.size)
        self.assertIn("is longer", error.message)

    def test_a_registry_that_ends_by_closing(self):
        def old(handler, count):
            handler.protocol_version = "HTTP/1.0"
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(self.layer[: CUT if count == 1 else None])
            handler.close_connection = True
            return True

        self.at(self.registry.layer, old)
        self.read()
        self.assertEqual([None, "bytes=100000-"], self.registry.ranges)

    def test_what_a_proxy_has_packed_is_unpacked(self):
        packed = gzip.compress(self.layer)
        self.at(
            self.registry.layer,
            lambda handler, count: (
                handler.cut(packed[:CUT], len(packed), Content_Encoding="gzip")
                if count == 1
                else handler.say(200, packed, Content_Encoding="gzip")
            ),
        )
        self.read()

    def test_what_is_as_long_packed_once_more(self):
        while True:
            files = {"file": os.urandom(1000)}
            self.layer = images.Layer.of_files(files).data
            packed = gzip.compress(self.layer)
            if len(packed) == len(self.layer):
                break
        for body in (packed, self.layer):
            self.registry = self.serve()
            self.at(
                self.registry.layer,
                lambda handler, _, body=body: handler.say(
                    200, body, Content_Encoding="gzip"
                ),
            )
            self.read(self.name(self.registry))

    def test_what_is_stored_as_packed_is_left_alone(self):
        self.at(
            self.registry.layer,
            lambda handler, _: handler.say(
                200, self.layer, Content_Encoding="gzip"
            ),
        )
        self.read()

    def test_packed_manifests(self):
        packed = gzip.compress(self.registry.manifest)
        self.at(
            "/manifests/",
            lambda handler, _: handler.say(
                200, packed, Content_Encoding="gzip"
            ),
        )
        self.read()

    def test_nothing_is_unpacked_twice(self):
        def twice(handler, _):
            body = gzip.compress(gzip.compress(handler.body()))
            return handler.say(200, body, Content_Encoding="gzip, gzip")

        for part in ("/manifests/", self.registry.config, self.registry.layer):
            self.at(part, twice)
            self.assertRaises(exception.SourceError, self.read)


class ResumptionTest(testscenarios.WithScenarios, registry_case.RegistryCase):
    """Each refusal of a range leads to the whole blob."""

    scenarios = [
        *(
            (str(status), {"status": status, "headers": {}})
            for status in (
                *(400, 403, 404, 405, 406, 409, 410, 412, 416, 422, 451),
                *(494, 500, 501, 502, 503, 505, 520),
            )
        ),
        ("206 without a place", {"status": 206, "headers": {}}),
        (
            "206 of another place",
            {
                "status": 206,
                "headers": {"Content_Range": "bytes 200000-299999/300000"},
            },
        ),
        (
            "206 of another blob",
            {
                "status": 206,
                "headers": {"Content_Range": "bytes 100000-399999/400000"},
            },
        ),
        (
            "206 of several parts",
            {
                "status": 206,
                "headers": {
                    "Content_Type": "multipart/byteranges; boundary=x"
                },
            },
        ),
        (
            "a page",
            {"status": 200, "headers": {"Content_Type": "text/html"}},
        ),
    ]

    def test_the_whole_once_more(self):
        self.config(attempts=2, group="registry")

        def fault(handler, count):
            if count == 1:
                return handler.serve(most=CUT)
            if handler.begin is not None:
                return handler.say(self.status, b"<Error/>", **self.headers)
            return None

        self.at(self.registry.layer, fault)
        self.read()
        self.assertIsNone(self.registry.ranges[-1])
        self.assertLessEqual(len(self.registry.ranges), 5)
        # It is known now.
        before = len(self.registry.ranges)
        self.at(
            self.registry.layer,
            lambda handler, count: (
                handler.serve(most=CUT) if count == 1 else None
            ),
        )
        self.read()
        self.assertEqual(2, len(self.registry.ranges) - before)


class RangeTest(registry_case.RegistryCase):
    """Answers that are of use all the same."""

    def test_a_range_that_begins_earlier(self):
        def early(handler, count):
            if count == 1:
                return handler.serve(most=CUT)
            return handler.say(
                206,
                self.layer[CUT // 2 :],
                Content_Range="bytes 50000-299999/*",
            )

        self.at(self.registry.layer, early)
        self.read()
        self.assertEqual(2, len(self.registry.ranges))

    def test_a_range_that_ends_earlier(self):
        def part(handler, count):
            if count == 1:
                return handler.serve(most=CUT)
            last = min(handler.begin + HALF, registry_case.SIZE)
            return handler.say(
                206,
                self.layer[handler.begin : last],
                Content_Range=f"bytes {handler.begin}-{last - 1}/300000",
            )

        self.at(self.registry.layer, part)
        self.read()
        self.assertEqual(3, len(self.registry.ranges))

    def test_an_address_that_has_expired(self):
        storage = self.serve()
        places = []

        def expire(handler):
            if handler.begin is not None and handler.path not in places[1:]:
                return handler.say(403, b"<Error><Code>AccessDenied</Code>")
            return handler.serve(most=None if handler.begin else CUT)

        def redirect(handler, count):
            place = f"{handler.path}?signed={count}"
            storage.content[place] = storage.content[handler.path]
            places.append(place)
            return handler.say(307, Location=f"http://{storage.host}{place}")

        storage.fault = expire
        self.at(self.registry.layer, redirect)
        self.read()
        self.assertEqual(2, len(places))
