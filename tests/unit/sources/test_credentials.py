# SPDX-License-Identifier: Apache-2.0
"""Credentials of registries."""

import base64
import json

from reposync import exception
from reposync import reference as ref
from reposync.sources import credentials
from tests.unit import base


def entry(user, password):
    """Give an entry as docker login writes it."""
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"auth": pair}


class FindTest(base.TestCase):
    """Which credentials go with which image."""

    def setUp(self):
        super().setUp()
        self.file = self.path / "config.json"
        self.config(auth_file=str(self.file), group="registry")

    def find(self, name):
        found = credentials.find(self.conf, ref.Reference.parse(name))
        return found.user or None

    def test_by_registry(self):
        auths = {
            "https://index.docker.io/v1/": entry("hub", "x"),
            "host:5000": entry("host", "x"),
        }
        self.file.write_text(json.dumps({"auths": auths}))
        self.assertEqual("hub", self.find("busybox"))
        self.assertEqual("host", self.find("host:5000/a"))
        self.assertIsNone(self.find("other:5000/a"))

    def test_the_secret_option_comes_first(self):
        self.file.write_text(json.dumps({"auths": {"h:5": entry("f", "x")}}))
        text = json.dumps({"auths": {"h:5": entry("option", "x")}})
        self.config(auth_config=text, group="registry")
        self.assertEqual("option", self.find("h:5/a"))

    def test_what_cannot_be_read_is_told_without_secrets(self):
        for text in ("{", "[]", '{"auths": {"h:5": {"auth": "secret!"}}}'):
            self.file.write_text(text)
            error = self.assertRaises(
                exception.RegistryDenied, self.find, "h:5/a"
            )
            self.assertNotIn("secret!", error.message)
        self.file.unlink()
        self.assertRaises(exception.RegistryDenied, self.find, "h:5/a")

    def test_the_longest_key_counts(self):
        auths = {
            "h:5": entry("host", "x"),
            "h:5/team": entry("team", "x"),
            "h:5/team/app": entry("app", "x"),
        }
        self.file.write_text(json.dumps({"auths": auths}))
        for name, user in (
            ("h:5/other", "host"),
            ("h:5/team/other", "team"),
            ("h:5/teamwork", "host"),
            ("h:5/team/app:1", "app"),
            ("h:5/team/app/part", "app"),
        ):
            self.assertEqual(user, self.find(name), name)

    def test_a_password_with_colons(self):
        self.file.write_text(json.dumps({"auths": {"h:5": entry("u", "a:b")}}))
        found = credentials.find(self.conf, ref.Reference.parse("h:5/a"))
        self.assertEqual("a:b", found.password)
        self.assertNotIn("a:b", repr(found))

    def test_keys_are_read_as_the_docker_cli_does(self):
        for key in (
            "h.example.org",
            "H.Example.org",
            "https://h.example.org",
            "http://h.example.org/v1/",
            "https://h.example.org/v2/some/path",
            "h.example.org/v1/",
        ):
            auths = {key: entry("u", "x"), "other": None}
            self.file.write_text(json.dumps({"auths": auths}))
            self.assertEqual("u", self.find("h.example.org/a"), key)
            self.assertEqual("u", self.find("H.example.ORG/a"), key)

    def test_what_a_browser_login_leaves_is_no_account(self):
        hub = "https://index.docker.io/v1/"
        auths = {
            f"{hub}access-token": entry("u", "access"),
            f"{hub}refresh-token": entry("u", "refresh"),
            hub: entry("hub", "x"),
        }
        self.file.write_text(json.dumps({"auths": auths}))
        self.assertEqual("hub", self.find("busybox"))

    def test_a_token_in_place_of_a_user(self):
        auths = {"h:5": entry("<token>", "t")}
        self.file.write_text(json.dumps({"auths": auths}))
        found = credentials.find(self.conf, ref.Reference.parse("h:5/a"))
        self.assertEqual(("", "t"), (found.user, found.identity_token))

    def test_a_byte_order_mark(self):
        text = json.dumps({"auths": {"h:5": entry("u", "x")}})
        self.file.write_text(text, encoding="utf-8-sig")
        self.assertEqual("u", self.find("h:5/a"))
