# SPDX-License-Identifier: Apache-2.0
"""Credential helpers."""

import json
import os
import uuid

import fixtures

from reposync import exception
from reposync import reference as ref
from reposync.sources import credential_helpers
from reposync.sources import credentials
from tests.unit import base

HUB = "https://index.docker.io/v1/"
NONE = "credentials not found in native keychain"


class HelperTestCase(base.TestCase):
    """A test with a helper of its own."""

    def setUp(self):
        super().setUp()
        self.file = self.path / "config.json"
        self.config(auth_file=str(self.file), group="registry")
        path = f"{self.path}:{os.environ['PATH']}"
        self.useFixture(fixtures.EnvironmentVariable("PATH", path))
        self.name = f"lab-{uuid.uuid4().hex}"
        self.program = f"docker-credential-{self.name}"

    def helper(self, script):
        """Install it; `script` finds the server in ``$server``."""
        file = self.path / self.program
        file.write_text(
            f"#!/bin/sh\nread -r server\n"
            f"echo $server >> {self.path}/asked\n{script}\n"
        )
        file.chmod(0o755)

    def knows(self, server, user="u", secret="s"):
        """Install one that knows a single server."""
        answer = json.dumps({"Username": user, "Secret": secret})
        self.helper(
            f"[ $server = {server} ] && echo '{answer}' && exit\n"
            f"echo {NONE}; exit 1"
        )

    def use(self, **config):
        self.file.write_text(json.dumps(config))

    def find(self, name):
        return credentials.find(self.conf, ref.Reference.parse(name))


class WhichTest(HelperTestCase):
    """Which helper is asked for what."""

    def test_a_store_alone(self):
        self.knows("1.dkr.ecr.eu-west-1.amazonaws.com", "AWS", "token")
        self.use(credsStore=self.name)
        found = self.find("1.dkr.ecr.eu-west-1.amazonaws.com/team/app")
        self.assertEqual(("AWS", "token"), (found.user, found.password))
        self.assertEqual(self.program, found.place)
        self.assertEqual(credentials.NONE, self.find("busybox"))

    def test_docker_hub_by_each_of_its_names(self):
        for known in (HUB, "docker.io"):
            self.name = f"lab-{uuid.uuid4().hex}"
            self.program = f"docker-credential-{self.name}"
            self.knows(known)
            for config in (
                {"credsStore": self.name},
                {"credHelpers": {HUB: self.name}},
                {"credHelpers": {"docker.io": self.name}},
                {"credHelpers": {"index.docker.io": self.name}},
                {"auths": {HUB: {}}, "credsStore": self.name},
            ):
                self.use(**config)
                self.assertEqual("u", self.find("busybox").user, config)

    def test_keys_are_normalised(self):
        self.knows("h.example.org")
        for key in (
            "h.example.org",
            "https://h.example.org",
            "http://H.example.org/v2/",
        ):
            self.use(credHelpers={key: self.name})
            self.assertEqual("u", self.find("h.example.org/a").user, key)

    def test_a_part_of_a_registry(self):
        self.knows("h.example.org/team")
        self.use(auths={"h.example.org/team": {}}, credsStore=self.name)
        self.assertEqual("u", self.find("h.example.org/team/app").user)
        self.assertEqual(
            credentials.NONE, self.find("h.example.org/other/app")
        )

    def test_an_entry_of_the_file_comes_before_the_store(self):
        self.knows("h.example.org")
        auths = {"h.example.org": {"username": "file", "password": "x"}}
        self.use(auths=auths, credsStore=self.name)
        self.assertEqual("file", self.find("h.example.org/a").user)

    def test_where_one_knows_nothing_the_next_is_asked(self):
        self.knows("elsewhere")
        self.use(auths={"h.example.org": {"username": "u", "password": "x"}})
        text = json.dumps({"credsStore": self.name})
        self.config(auth_config=text, group="registry")
        self.assertEqual("u", self.find("h.example.org/a").user)

    def test_a_token(self):
        self.knows("h.example.org", "<token>", "t")
        self.use(credsStore=self.name)
        found = self.find("h.example.org/a")
        self.assertEqual(("", "t"), (found.user, found.identity_token))

    def test_it_is_not_asked_for_each_image(self):
        self.knows("h.example.org")
        self.use(credsStore=self.name)
        for number in range(5):
            self.find(f"h.example.org/a{number}")
        self.assertEqual(
            ["h.example.org"], (self.path / "asked").read_text().split()
        )


class FailureTest(HelperTestCase):
    """Helpers that do not answer."""

    def fails(self, kind=exception.RegistryDenied):
        self.use(credsStore=self.name)
        error = self.assertRaises(kind, self.find, "h.example.org/a")
        self.assertIn(self.program, error.message)
        self.assertNotIn("hidden", error.message)

    def test_one_that_is_not_installed(self):
        self.fails()

    def test_one_that_cannot_be_run(self):
        file = self.path / self.program
        file.write_text("#!/no/such/program\n")
        file.chmod(0o755)
        self.fails()

    def test_one_that_fails(self):
        self.helper("echo pass not initialized: hidden; exit 1")
        self.fails()

    def test_one_that_says_something_else(self):
        self.helper("echo hidden")
        self.fails()

    def test_one_that_hangs_with_what_it_started(self):
        self.useFixture(
            fixtures.MonkeyPatch(
                f"{credential_helpers.__name__}._TIMEOUT", 0.2
            )
        )
        self.helper("sleep 1000 & wait")
        self.fails(exception.SourceUnavailable)

    def test_a_name_that_is_none(self):
        self.use(credsStore="../../bin/sh")
        error = self.assertRaises(
            exception.RegistryDenied, self.find, "h.example.org/a"
        )
        self.assertIn("credential helper", error.message)
