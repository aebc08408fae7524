# SPDX-License-Identifier: Apache-2.0
"""How a name is looked up where servers are odd."""

import testscenarios

from reposync import exception
from reposync import reference as ref
from tests.unit.sources import registry_case

HTML = {"Content_Type": "text/html; charset=utf-8"}
PAGE = b"<!doctype html><title>Welcome</title>"
UNKNOWN = b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}'


class HeadTest(testscenarios.WithScenarios, registry_case.RegistryCase):
    """HEAD is not served, and GET is."""

    scenarios = [
        (f"{status} {headers}", {"status": status, "headers": headers})
        for status, headers in (
            *((status, {}) for status in (400, 403, 404, 405, 410, 501)),
            *((status, {}) for status in (500, 502)),
            (404, {"Docker_Content_Digest": f"sha256:{'0' * 64}"}),
            (200, {}),
            (200, {"Docker_Content_Digest": ""}),
            (200, {"Docker_Content_Digest": "sha256:short"}),
            (200, HTML),
        )
    ]

    def test_get_is_tried_and_the_host_remembered(self):
        self.at(
            "/manifests/",
            lambda handler, _: handler.say(self.status, **self.headers),
            "HEAD",
        )
        self.assertEqual(self.registry.digest, self.resolve().digest)
        heads = self.registry.asked("HEAD", "/manifests/")
        self.assertEqual(self.registry.digest, self.resolve().digest)
        self.assertEqual(heads, self.registry.asked("HEAD", "/manifests/"))
        self.assertEqual(2, self.registry.asked("GET", "/manifests/"))


class LookupTest(registry_case.RegistryCase):
    """What a registry says, and what it means."""

    def test_an_image_costs_one_head(self):
        self.resolve()
        self.resolve()
        self.assertEqual(2, self.registry.asked("HEAD", ""))
        self.assertEqual(0, self.registry.asked("GET", "/manifests/"))

    def test_only_a_get_says_that_a_name_is_not_there(self):
        missing = self.name(self.registry, "2")
        self.assertRaises(exception.ReferenceNotFound, self.resolve, missing)
        self.assertEqual(1, self.registry.asked("GET", "/manifests/2"))

    def test_a_bare_404_of_a_registry(self):
        self.at("/manifests/", lambda handler, _: handler.say(404))
        self.registry.content.pop("/v2/team/app/manifests/1")
        error = self.assertRaises(exception.ReferenceNotFound, self.resolve)
        self.assertIn(self.registry.host, error.message)

    def test_a_bare_404_of_something_else(self):
        self.registry.fault = lambda handler: handler.say(
            404, b"default backend - 404"
        )
        error = self.assertRaises(exception.SourceUnavailable, self.resolve)
        self.assertIn("404", error.message)

    def test_something_else_than_a_digest_that_was_asked_for(self):
        where = self.reference.canonical_name
        name = ref.Reference.parse(f"{where}@{self.registry.digest}")
        self.at("/manifests/", lambda handler, _: handler.say(405), "HEAD")
        self.assertEqual(self.registry.digest, self.resolve(name).digest)
        other = self.registry.manifest + b" "
        self.registry.fault = lambda handler: (
            "/manifests/" in handler.path and handler.say(200, other)
        )
        self.assertRaises(exception.ArchiveDamaged, self.resolve, name)

    def test_a_page_names_the_host(self):
        self.registry.fault = lambda handler: handler.say(200, PAGE, **HTML)
        error = self.assertRaises(exception.SourceUnavailable, self.resolve)
        self.assertIn(self.registry.host, error.message)
        self.assertIn("web page", error.message)
        # Another moment changes nothing.
        self.assertEqual(1, self.registry.asked("GET", "/manifests/"))

    def test_a_page_without_its_type(self):
        self.registry.fault = lambda handler: handler.say(200, PAGE)
        error = self.assertRaises(exception.SourceUnavailable, self.resolve)
        self.assertIn("no registry is there", error.message)

    def test_a_login_that_is_redirected_to(self):
        portal = self.serve()
        portal.fault = lambda handler: handler.say(200, PAGE, **HTML)
        self.registry.fault = lambda handler: handler.say(
            302, Location=f"http://{portal.host}/login"
        )
        error = self.assertRaises(exception.SourceUnavailable, self.resolve)
        self.assertIn(
            f"{portal.host}, to which {self.registry.host}", str(error)
        )

    def test_a_digest_in_a_header_that_is_not_the_body_s(self):
        other = self.registry.digest[:-6] + "abcdef"
        self.at(
            "/manifests/1",
            lambda handler, _: handler.say(200, Docker_Content_Digest=other),
            "HEAD",
        )
        self.assertRaises(exception.SourceUnavailable, self.read)
        # The next attempt looks at the body.
        self.read()

    def test_a_body_that_is_not_what_was_asked_for(self):
        self.registry.content[
            f"/v2/team/app/manifests/{self.registry.digest}"
        ] = ("application/json", b'{"manifests": [], "a": 1}')
        self.assertRaises(exception.ArchiveDamaged, self.read)

    def test_a_blob_that_is_not_there_yet(self):
        self.at(
            "/blobs/",
            lambda handler, count: (
                handler.say(404, b'{"errors": [{"code": "BLOB_UNKNOWN"}]}')
                if count in (1, 3)
                else None
            ),
        )
        self.read()

    def test_a_limit_in_another_status(self):
        code = b'{"errors": [{"code": "TOOMANYREQUESTS"}]}'
        for status, headers in (
            (403, {"Retry_After": 60}),
            (503, {"Retry_After": 60}),
            (400, {"Retry_After": 60}),
        ):
            registry = self.serve()
            registry.fault = lambda handler, status=status, said=headers: (
                handler.say(status, code, **said)
            )
            error = self.assertRaises(
                exception.RateLimited, self.resolve, self.name(registry)
            )
            self.assertAlmostEqual(60, error.retry_after, delta=5)

    def test_errors_that_may_pass(self):
        for status in (408, 425, 500, 502, 504, 520, 530):
            left = [status]

            def fail(handler, count, left=left):
                return handler.say(left.pop()) if left else None

            self.at("/manifests/", fail, "HEAD")
            self.resolve()
        self.assertEqual(0, self.registry.asked("GET", "/manifests/"))

    def test_errors_that_do_not_pass(self):
        for status in (400, 405, 406, 409, 412, 501):
            registry = self.serve()
            registry.fault = lambda handler, status=status: handler.say(status)
            error = self.assertRaises(
                exception.SourceError, self.resolve, self.name(registry)
            )
            self.assertEqual(exception.SourceError, type(error))
            self.assertIn(f"said {status}", error.message)
            self.assertEqual(1, registry.asked("GET", "/manifests/"))

    def test_a_used_up_second_is_waited_for(self):
        self.registry.headers = {
            "RateLimit-Limit": "10",
            "RateLimit-Reset": "1",
            "RateLimit-Remaining": "0",
        }
        self.read()
