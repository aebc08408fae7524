# SPDX-License-Identifier: Apache-2.0
"""Mirrors, good ones and others."""

import base64
import json

import testscenarios

from reposync import exception
from reposync.conf import registry
from tests.fixtures import small_registry
from tests.unit.sources import registry_case

HTML = {"Content_Type": "text/html"}


class MirrorCase(registry_case.RegistryCase):
    """A test with a mirror."""

    def mirror(self, *places):
        self.config(
            mirrors={self.registry.host: " ".join(places)}, group="registry"
        )


class BrokenMirrorTest(testscenarios.WithScenarios, MirrorCase):
    """Whatever a mirror does, the image arrives."""

    scenarios = [
        (name, {"fault": fault, "most": most})
        for name, fault, most in (
            ("a page", lambda h: h.say(200, b"<html>", **HTML), 6),
            ("a page without a type", lambda h: h.say(200, b"<html>"), 6),
            ("some JSON", lambda h: h.say(200, b'{"status": "ok"}'), 6),
            ("nothing", lambda h: h.say(204), 6),
            ("not there", lambda h: h.say(404), 8),
            ("denied", lambda h: h.say(403), 8),
            ("a login", lambda h: h.say(401), 8),
            ("a limit", lambda h: h.say(429, Retry_After=60), 2),
            ("broken", lambda h: h.say(500), 8),
            ("other bytes", lambda h: other(h, ""), 9),
            ("other blobs", lambda h: other(h, "/blobs/"), 9),
            ("shorter blobs", lambda h: short(h), 9),
            ("blobs that break", lambda h: breaks(h), 9),
            ("redirects to nowhere", lambda h: h.say(302), 8),
        )
    ]

    def test_the_registry_is_asked(self):
        bad = self.serve()
        bad.fault = self.fault
        self.mirror(bad.host)
        try:
            self.read()
        except exception.ArchiveDamaged:
            # It is noticed at the end; the next attempt asks elsewhere.
            self.read()
        self.assertLessEqual(len(bad.seen), self.most, bad.seen)


def other(handler, part):
    if handler.command == "HEAD" or part not in handler.path:
        return None
    return handler.say(200, handler.body()[::-1])


def short(handler):
    if "/blobs/" not in handler.path:
        return None
    return handler.say(200, handler.body()[:-1])


def breaks(handler):
    if handler.owner.layer not in handler.path:
        return None
    return handler.cut(handler.body()[:1000], len(handler.body()))


class MirrorTest(MirrorCase):
    """Mirrors that work."""

    def test_one_with_a_path_and_an_account_of_its_own(self):
        good = self.serve(prefix="hub/cache/")
        pair = base64.b64encode(b"somebody:open-sesame").decode()
        auths = {f"{good.host}/hub": {"auth": pair}}
        self.config(auth_config=json.dumps({"auths": auths}), group="registry")

        def login(handler):
            if handler.headers.get("Authorization") == f"Basic {pair}":
                return None
            return handler.say(401, WWW_Authenticate='Basic realm="x"')

        good.fault = login
        self.mirror(f"{good.host}/hub/cache")
        self.read()
        self.assertEqual([], self.registry.seen)

    def test_ways_to_write_it(self):
        good = self.serve(prefix="hub/")
        for form in (
            "{}/hub/",
            "http://{}/hub",
            "http://{}/v2/hub",
        ):
            self.mirror(form.format(good.host))
            self.read()
        self.assertEqual([], self.registry.seen)

    def test_several_are_asked_in_order(self):
        first, second = self.serve(), self.serve()
        first.fault = lambda handler: handler.say(404)
        self.mirror(first.host, second.host)
        self.read()
        self.assertTrue(first.seen)
        self.assertTrue(second.seen)
        self.assertEqual([], self.registry.seen)

    def test_one_that_is_away_is_left_alone_for_a_while(self):
        self.mirror("127.0.0.1:9")
        self.read()
        self.read()
        tried = self.log.output.count("The mirror 127.0.0.1:9")
        self.assertEqual(1, tried)

    def test_half_of_it_from_the_mirror(self):
        good = self.serve()
        layer = good.layer

        def away(handler):
            if layer not in handler.path or handler.begin is not None:
                return handler.say(503) if handler.begin else None
            return handler.serve(most=1000)

        good.fault = away
        self.mirror(good.host)
        self.read()
        self.assertEqual(["bytes=1000-"], self.registry.ranges)

    def test_its_name_is_no_part_of_the_image_s(self):
        good = self.serve(prefix="hub/")
        self.mirror(f"{good.host}/hub")
        resolved = self.resolve()
        self.assertEqual(
            f"{self.registry.host}/{small_registry.REPOSITORY}:1",
            str(resolved.reference),
        )

    def test_what_is_no_mirror(self):
        [option] = [o for o in registry.OPTIONS if o.name == "mirrors"]
        for text in ("ftp://a.example.org", "user:secret@a.example.org"):
            error = self.assertRaises(
                ValueError, option.type, f"docker.io={text}"
            )
            self.assertIn("regex", str(error))
