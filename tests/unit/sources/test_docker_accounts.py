# SPDX-License-Identifier: Apache-2.0
"""Accounts that an engine is given."""

import json

from reposync import exception
from reposync import reference as ref
from reposync.sources.docker import accounts as docker_accounts
from tests.unit import base

WRONG = (
    "unauthorized: incorrect username or password",
    "unauthorized: HTTP Basic: Access denied. The provided password is wrong",
    "denied: Invalid credentials",
)
OTHERS = (
    "unauthorized: unauthorized to access repository: team/app, action: pull",
    "denied: requested access to the resource is denied",
)


class AccountsTest(base.TestCase):
    """What a refusal does to the requests behind it."""

    def setUp(self):
        super().setUp()
        self.name = ref.Reference.parse("h.example.org/team/app")
        self.account("old")
        self.accounts = docker_accounts.Accounts(self.conf)

    def account(self, password):
        entry = {"username": "u", "password": password}
        file = self.path / "config.json"
        file.write_text(json.dumps({"auths": {"h.example.org": entry}}))
        self.config(auth_file=str(file), group="registry")

    def use(self, said="", way="tried"):
        """Use the account; gives the password that the engine got."""
        with getattr(self.accounts, way)(self.name) as values:
            if said:
                raise exception.RegistryDenied(said)
        return values.get("password")

    def test_a_wrong_one_is_left_alone(self):
        for way in ("tried", "used"):
            for said in WRONG:
                self.accounts = docker_accounts.Accounts(self.conf)
                self.assertEqual("old", self.use(way=way))
                for words in (said, ""):
                    error = self.assertRaises(
                        exception.RegistryDenied, self.use, words, way
                    )
                    for part in ("h.example.org", "account u", "left alone"):
                        self.assertIn(part, error.message)

    def test_until_it_changes(self):
        self.assertRaises(exception.RegistryDenied, self.use, WRONG[0])
        self.account("new")
        self.assertEqual("new", self.use())

    def test_one_repository_says_nothing_of_others(self):
        for said in OTHERS:
            self.assertRaises(exception.RegistryDenied, self.use, said)
            self.assertEqual("old", self.use())

    def test_no_account(self):
        self.config(auth_file=None, group="registry")
        self.assertRaises(exception.RegistryDenied, self.use, WRONG[0])
        self.assertIsNone(self.use())
