# SPDX-License-Identifier: Apache-2.0
"""Credentials of registries."""

import base64
import json

from reposync import exception
from reposync import reference as ref
from reposync.sources import docker_auth
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
        self.config(auth_file=str(self.file), group="docker")

    def find(self, name):
        found = docker_auth.find(self.conf, ref.Reference.parse(name))
        return found.get("username")

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
        self.config(auth_config=text, group="docker")
        self.assertEqual("option", self.find("h:5/a"))

    def test_what_cannot_be_read_is_told_without_secrets(self):
        for text in ("{", "[]", '{"auths": {"h": {"auth": "secret!"}}}'):
            self.file.write_text(text)
            error = self.assertRaises(
                exception.RegistryDenied, self.find, "h/a"
            )
            self.assertNotIn("secret!", error.message)
        self.file.unlink()
        self.assertRaises(exception.RegistryDenied, self.find, "h/a")
