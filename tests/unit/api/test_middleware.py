# SPDX-License-Identifier: Apache-2.0
"""What is around the application."""

from reposync.api import middleware
from tests.unit import base

SENT = "req-6f0f4ca2-0000-4000-8000-000000000000"


def answer(environ, start_response):
    """Be the application."""
    start_response("202 Accepted", [("A", "b")])
    return []


class MiddlewareTest(base.TestCase):
    """Each by itself."""

    def test_a_request_id_is_made_and_told(self):
        for shown, kept in ((SENT, SENT), ("req-evil\n", None), ("", None)):
            environ = {"HTTP_X_OPENSTACK_REQUEST_ID": shown}
            told = []
            start = told.extend
            middleware.RequestId(answer)(environ, lambda *a, s=start: s(a))
            made = environ["openstack.request_id"]
            self.assertRegex(made, "^req-[0-9a-f-]{36}$")
            self.assertNotEqual(SENT, made)
            self.assertEqual(
                [
                    "202 Accepted",
                    [("A", "b"), ("x-openstack-request-id", made)],
                ],
                told,
            )
            self.assertEqual(kept, environ.get("openstack.global_request_id"))

    def test_a_request_has_one_line_in_the_log(self):
        for path, shown in (
            ("/v1/a\n2026 forged", "/v1/a%0A2026%20forged"),
            ("/v1/a\x1b[2J\0", "/v1/a%1B%5B2J%00"),
            ('/a" 200 0.1 s', "/a%22%20200%200.1%20s"),
            ("/\xc2\x85", "/%C2%85"),
            ("/v1/a:b@c,d", "/v1/a:b@c,d"),
        ):
            environ = {"REQUEST_METHOD": "G\rET", "PATH_INFO": path}
            environ["REMOTE_ADDR"] = "::1\n"
            middleware.AccessLog(answer)(environ, lambda *_: None)
            last = self.log.output.rstrip("\n").rsplit("\n")[-1]
            self.assertIn(f'::1%0A "G%0DET {shown}" 202 0.0', last)

    def test_only_what_concerns_a_middleware_goes_through_it(self):
        chosen = middleware.Where(
            lambda environ: environ["far"],
            lambda *_: [b"behind"],
            lambda *_: [b"before"],
        )
        self.assertEqual([b"behind"], chosen({"far": True}, None))
        self.assertEqual([b"before"], chosen({"far": False}, None))

    def test_who_is_a_browser(self):
        for method, origin, expected in (
            ("POST", {}, False),
            ("OPTIONS", {}, True),
            ("GET", {"HTTP_ORIGIN": "https://ui.example"}, True),
        ):
            environ = {"REQUEST_METHOD": method} | origin
            self.assertEqual(expected, middleware.from_browser(environ))

    def test_which_bodies_may_be_too_long(self):
        test = middleware.may_be_longer(10)
        for stated, expected in (
            ({"CONTENT_LENGTH": "10"}, False),
            ({"CONTENT_LENGTH": "11"}, True),
            ({"CONTENT_LENGTH": "-1"}, True),
            ({"CONTENT_LENGTH": "ten"}, True),
            ({"CONTENT_LENGTH": ""}, True),
            ({}, True),
        ):
            self.assertEqual(expected, test(stated), stated)
