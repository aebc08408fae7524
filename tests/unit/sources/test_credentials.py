# SPDX-License-Identifier: Apache-2.0
"""Credentials of registries."""

import base64
import json
import os

import fixtures

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

    def test_helpers_are_asked(self):
        helper = self.path / "docker-credential-lab"
        helper.write_text(
            "#!/bin/sh\nread server\n"
            'case $server in h:5) echo "{\\"Username\\": \\"u\\",'
            ' \\"Secret\\": \\"s\\"}" ;;'
            " *) echo credentials not found; exit 1 ;; esac\n"
        )
        helper.chmod(0o755)
        path = f"{self.path}:{os.environ['PATH']}"
        self.useFixture(fixtures.EnvironmentVariable("PATH", path))
        for config in (
            {"credHelpers": {"h:5": "lab", "h:6": "lab"}},
            {"auths": {"h:5": {}, "h:6": {}}, "credsStore": "lab"},
        ):
            self.file.write_text(json.dumps(config))
            self.assertEqual("u", self.find("h:5/a"))
            self.assertIsNone(self.find("h:6/a"))
        self.file.write_text(json.dumps({"credHelpers": {"h:5": "none"}}))
        self.assertRaises(exception.RegistryDenied, self.find, "h:5/a")
