# SPDX-License-Identifier: Apache-2.0
"""How registries are logged in to."""

import base64
import json

from reposync import exception
from reposync.sources.registry import client as registry_client
from reposync.sources.registry.authentication import tokens as registry_tokens
from tests.fixtures import login_registry
from tests.unit.sources import logins


class ChallengeTest(logins.LoginTestCase):
    """Which of a registry's challenges is answered."""

    def test_an_anonymous_token(self):
        self.assertEqual(200, self.ask())
        [(_, path, header)] = self.registry.requests("/token")
        self.assertEqual("", header)
        self.assertIn("scope=repository%3Ateam%2Fapp%3Apull", path)
        self.assertIn("service=s", path)

    def test_no_service_is_asked_for_that_was_not_named(self):
        self.registry.challenges = ['Bearer realm="http://{host}/token"']
        self.assertEqual(200, self.ask())
        [(_, path, _)] = self.registry.requests("/token")
        self.assertNotIn("service", path)

    def test_a_broken_challenge_leaves_the_next(self):
        self.account()
        self.registry.accepted = lambda _, header: header.startswith("Basic")
        for broken in (
            "Bearer realm=",
            'Bearer realm="http://[::1"',
            "Negotiate abc==",
            'Bearer realm="http://127.0.0.1:9/token"',
            "x" * 20_000,
        ):
            self.registry.challenges = [f"{broken}, Basic realm=x"]
            client = registry_client.RegistryClient(self.conf)
            self.assertEqual(200, self.ask(client=client), broken)

    def test_nothing_to_answer_is_a_reason(self):
        for challenges in (
            [],
            ["Bearer realm="],
            ["Bearer"],
            ["Negotiate"],
            ['Bearer realm="http://[::1"'],
            ["\xff\xfe;;"],
            ["Basic realm=x"],
        ):
            self.registry.challenges = challenges
            error = self.assertRaises(exception.RegistryDenied, self.ask)
            self.assertIn(self.registry.host, error.message)

    def test_a_header_of_100_kilobytes(self):
        self.registry.challenges = [f'Bearer realm="{"x" * 100_000}"']
        self.assertRaises(exception.SourceError, self.ask)

    def test_the_stronger_first_and_one_request_for_each(self):
        self.account()
        self.registry.challenges = [
            'Basic realm=x, Bearer realm="http://{host}/token"'
        ]
        self.assertEqual(200, self.ask())
        self.assertEqual(2, len(self.registry.requests("/v2/")))
        self.assertEqual(1, len(self.registry.requests("/token")))

    def test_the_scope_that_a_registry_names(self):
        for named, asked in (
            ("repository:hub/team/app:pull", ["repository:hub/team/app:pull"]),
            ("repository:other:pull,push", ["repository:other:pull"]),
            ("aws", ["repository:team/app:pull", "aws"]),
            ("*", ["repository:team/app:pull", "*"]),
            ("", ["repository:team/app:pull"]),
        ):
            scopes = []
            self.registry.give = lambda asked, scopes=scopes: (
                scopes.extend(asked.query["scope"]) or asked.token()
            )
            self.registry.challenges = [
                f'Bearer realm="http://{{host}}/token",scope="{named}"'
            ]
            client = registry_client.RegistryClient(self.conf)
            self.assertEqual(200, self.ask(client=client))
            self.assertEqual(asked, scopes)

    def test_another_repository_gets_its_own_scope(self):
        self.registry.challenges = [
            'Bearer realm="http://{host}/token",scope="repository:a:pull"'
        ]
        self.ask("a")
        self.ask("b")
        paths = [path for _, path, _ in self.registry.requests("/token")]
        self.assertIn("repository%3Ab%3Apull", paths[-1])

    def test_what_is_hidden_from_strangers(self):
        for status in (401, 403, 404):
            self.account()
            self.registry.hidden = status
            self.registry.seen.clear()
            client = registry_client.RegistryClient(self.conf)
            for name in "ab":
                self.assertEqual(200, self.ask(name, client=client))
            pings = self.registry.requests("/v2/?") or [
                each for each in self.registry.seen if each[1] == "/v2/"
            ]
            # One more finds out whether the host speaks TLS.
            self.assertLessEqual(len(pings), 2)

    def test_what_is_not_there_stays_so_for_strangers(self):
        self.registry.hidden = 404
        self.registry.challenges = ["Basic realm=x"]
        for _ in range(2):
            self.assertRaises(exception.ReferenceNotFound, self.ask)
        self.assertEqual([], self.registry.requests("/token"))

    def test_insufficient_scope_ends(self):
        self.account()
        self.registry.challenges = [
            'Bearer realm="http://{host}/token",error="insufficient_scope"'
        ]
        self.registry.accepted = lambda path, header: False
        for _ in range(2):
            error = self.assertRaises(exception.RegistryDenied, self.ask)
            self.assertIn("account u", error.message)
        self.assertLessEqual(len(self.registry.requests("/v2/")), 4)

    def test_a_token_that_ended_is_renewed(self):
        good = ["one", "two"]
        self.registry.accepted = lambda path, header: (
            header == f"Bearer {good[0]}"
        )
        self.registry.give = lambda asked: asked.token(token=good[0])
        self.assertEqual(200, self.ask())
        good.pop(0)
        self.assertEqual(200, self.ask())
        self.assertEqual(2, len(self.registry.requests("/token")))


class TokenTest(logins.LoginTestCase):
    """What token servers answer."""

    def test_each_form(self):
        for values in (
            {"token": "", "access_token": "good"},
            {"token": None, "access_token": "good"},
            {"expires_in": "300"},
            {"expires_in": None},
            {"expires_in": 0},
            {"expires_in": -5},
            {"expires_in": float("nan")},
            {"expires_in": float("inf")},
            {"expires_in": 10**400},
            {"expires_in": {}},
            {"expires_in": True},
            {"issued_at": "0001-01-01T00:00:00Z"},
            {"issued_at": "2024-01-01T00:00:00.123456789Z"},
            {"issued_at": []},
        ):
            self.registry.seen.clear()
            self.registry.give = lambda asked, values=values: asked.token(
                **values
            )
            client = registry_client.RegistryClient(self.conf)
            for _ in range(2):
                self.assertEqual(200, self.ask(client=client), values)
            self.assertEqual(1, len(self.registry.requests("/token")), values)

    def test_none_is_a_reason(self):
        for body in (
            b"",
            b"<html>",
            b"[]",
            b"null",
            b"{}",
            b'{"token": 7}',
            b'{"token": "a b"}',
            b'{"token": "a\\r\\nX: y"}',
            b'{"token": "\\u00e4"}',
            b"[" * 200_000,
            json.dumps({"token": "x" * 1024 * 1024}).encode(),
            json.dumps({"token": "x" * 33 * 1024}).encode(),
        ):
            self.registry.give = lambda asked, body=body: asked.answer(
                200, body
            )
            client = registry_client.RegistryClient(self.conf)
            error = self.assertRaises(
                exception.SourceUnavailable, self.ask, client=client
            )
            self.assertIn(self.registry.host, error.message)

    def test_no_token_is_kept_for_ever(self):
        for stated in (b"1e999", b"86400", b'"1e12"', b"3601"):
            body = b'{"token": "t", "expires_in": %s}' % stated
            found = registry_tokens.read("r.example.org", body, {})
            self.assertEqual(3600, found.lifetime)

    def test_the_other_method(self):
        self.account()
        self.registry.give = lambda asked: (
            asked.token()
            if asked.command == "POST" and asked.query["password"] == ["p"]
            else asked.answer(405)
        )
        self.assertEqual(200, self.ask())
        user = base64.b64encode(b"00000000-0000-0000-0000-000000000000:")
        self.auths(
            {
                self.registry.host: {
                    "auth": user.decode(),
                    "identitytoken": "i",
                }
            }
        )
        for status in (404, 405):
            self.registry.give = lambda asked, status=status: (
                asked.answer(status)
                if asked.command == "POST"
                else asked.token()
            )
            client = registry_client.RegistryClient(self.conf)
            self.assertEqual(200, self.ask(client=client))
            self.assertIn(":i", self.registry.passwords[-1])


class ElsewhereTest(logins.LoginTestCase):
    """Passwords and hosts that are not the registry."""

    def setUp(self):
        super().setUp()
        self.other = self.useFixture(login_registry.LoginRegistry())
        self.account()

    def test_a_challenge_of_storage_is_none(self):
        self.other.accepted = lambda path, header: False
        host = self.other.host.replace("127.0.0.1", "localhost")
        self.registry.leads = f"http://{host}/v2/blob"
        self.assertRaises(exception.SourceError, self.ask, "moved")
        self.assertEqual([], self.other.passwords)
        self.assertEqual([], self.other.requests("/token"))

    def test_storage_sees_no_login(self):
        self.other.accepted = lambda path, header: True
        host = self.other.host.replace("127.0.0.1", "localhost")
        self.registry.leads = f"http://{host}/v2/blob"
        for accepted in ("Bearer good", "Basic dTpw"):
            self.registry.accepted = lambda _, header, good=accepted: (
                header == good
            )
            scheme = accepted.split()[0]
            self.registry.challenges = [
                f'{scheme} realm="http://{{host}}/token"'
            ]
            client = registry_client.RegistryClient(self.conf)
            self.assertEqual(200, self.ask(client=client))
            self.assertEqual(200, self.ask("moved", client=client))
            self.assertEqual(accepted, self.registry.seen[-1][2])
        self.assertEqual(["", ""], [seen[2] for seen in self.other.seen])

    def test_a_plain_registry_names_nobody_else(self):
        self.config(insecure=["127.0.0.1"], group="registry")
        host = self.other.host.replace("127.0.0.1", "localhost")
        self.registry.challenges = [f'Bearer realm="http://{host}/token"']
        error = self.assertRaises(exception.SourceError, self.ask)
        self.assertEqual([], self.other.passwords)
        self.assertIn(host, error.message)
        # It was not even tried.
        self.assertIn("gets no password", error.message)

    def test_a_redirect_of_the_token_server(self):
        def give(asked):
            if asked.path.startswith("/token"):
                place = asked.path.replace("/token", "/other")
                asked.answer(301, Location=place)
            else:
                asked.token()

        self.registry.give = give
        self.assertEqual(200, self.ask())
        self.assertEqual(["u:p", "u:p"], self.registry.passwords)

    def test_a_redirect_to_another_host(self):
        host = self.other.host.replace("127.0.0.1", "localhost")
        for place in (f"http://{host}/token", "http://[::1", "", "//", "x:"):
            self.registry.give = lambda asked, place=place: asked.answer(
                307, Location=place
            )
            client = registry_client.RegistryClient(self.conf)
            self.assertRaises(exception.SourceError, self.ask, client=client)
            self.assertEqual([], self.other.passwords)

    def test_a_redirect_without_end(self):
        self.registry.give = lambda asked: asked.answer(
            307, Location=asked.path
        )
        self.assertRaises(exception.SourceUnavailable, self.ask)
