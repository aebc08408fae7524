# SPDX-License-Identifier: Apache-2.0
"""Tokens of an OpenID provider, with a provider of the tests' own."""

import json
import time

from cryptography.hazmat.primitives.asymmetric import rsa
import jwt
import testtools

from reposync import exception
from reposync.webhooks import oidc
from tests.fixtures import http

AUDIENCE = "https://reposync.example.org/v1/notify/gcr"
EMAIL = "push@project.iam.gserviceaccount.com"
ISSUER = "https://accounts.google.com"


class Provider(http.HttpServer):
    """Serves keys.

    :ivar asked: how often
    :ivar keys: by their ids
    :ivar broken: what it answers instead
    :ivar headers: of that
    """

    def __init__(self):
        super().__init__(_Handler)
        self.asked = 0
        self.broken = None
        self.headers = {}
        self.keys = {}

    def add(self, key_id):
        self.keys[key_id] = rsa.generate_private_key(65537, 2048)

    def sign(self, key_id="one", headers=None, **changes):
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "email": EMAIL,
            "email_verified": True,
            "iat": now,
            "exp": now + 600,
        } | changes
        claims = {key: value for key, value in claims.items() if value != ""}
        return jwt.encode(
            claims,
            self.keys[key_id],
            "RS256",
            {"kid": key_id} | (headers or {}),
        )

    def set(self):
        algorithm = jwt.algorithms.RSAAlgorithm
        return [
            json.loads(algorithm.to_jwk(key.public_key()))
            | {"kid": key_id, "use": "sig", "alg": "RS256"}
            for key_id, key in self.keys.items()
        ]


class _Handler(http.Handler):
    def do_GET(self):
        self.owner.asked += 1
        if self.owner.broken:
            self.answer(*self.owner.broken, **self.owner.headers)
            return
        self.answer(200, json.dumps({"keys": self.owner.set()}).encode())


class OidcTest(testtools.TestCase):
    """What lets a caller in."""

    def setUp(self):
        super().setUp()
        self.provider = self.useFixture(Provider())
        self.provider.add("one")
        self.make()

    def make(self, **kwargs):
        url = f"http://{self.provider.host}/certs"
        self.check = oidc.Oidc(
            oidc.Keys(url, **kwargs), AUDIENCE, EMAIL, [ISSUER]
        )

    def allowed(self, token, scheme="Bearer"):
        return self.check({"authorization": f"{scheme} {token}"}, b"", b"")

    def test_a_good_token(self):
        for _ in range(3):
            self.assertTrue(self.allowed(self.provider.sign()))
        self.assertTrue(self.allowed(self.provider.sign(), "bearer"))
        self.assertEqual(1, self.provider.asked)

    def test_bad_tokens(self):
        now = int(time.time())
        good = self.provider.sign()
        head, claims, _ = good.split(".")
        other = Provider()
        other.add("one")
        unsigned = jwt.encode({"iss": ISSUER}, None, "none", {"kid": "one"})
        shared = jwt.encode({"iss": ISSUER}, "x" * 32, headers={"kid": "one"})
        for token in (
            self.provider.sign(iss="https://evil.example"),
            self.provider.sign(iss=""),
            self.provider.sign(aud="https://other.example"),
            self.provider.sign(aud=""),
            self.provider.sign(email="somebody@project.example"),
            self.provider.sign(email=""),
            self.provider.sign(email_verified=False),
            self.provider.sign(email_verified="true"),
            self.provider.sign(email_verified=""),
            self.provider.sign(exp=now - 60),
            self.provider.sign(exp=""),
            self.provider.sign(nbf=now + 600),
            self.provider.sign(iat=now + 600),
            other.sign(),
            unsigned,
            shared,
            f"{head}.{claims}.",
            f"{head}.{claims}.AAAA",
            good[:-5],
            "",
            "x",
            "..",
            "\xe9.\xe9.\xe9",
        ):
            self.assertFalse(self.allowed(token), token)
        self.assertFalse(self.allowed(good, "Basic"))
        self.assertFalse(self.check({}, b"", b""))

    def test_a_redirect_is_not_followed(self):
        other = self.useFixture(Provider())
        other.add("one")
        body = json.dumps({"keys": self.provider.set()}).encode()
        self.provider.broken = 302, body
        self.provider.headers = {"Location": f"http://{other.host}/certs"}
        for token in (other.sign(), self.provider.sign()):
            self.assertRaises(exception.KeysUnavailable, self.allowed, token)
        self.assertEqual(0, other.asked)

    def test_an_unknown_key_is_looked_for_but_not_often(self):
        self.make(pause=0)
        self.assertTrue(self.allowed(self.provider.sign()))
        self.provider.add("two")
        self.assertTrue(self.allowed(self.provider.sign("two")))
        self.assertEqual(2, self.provider.asked)
        self.make(pause=3600)
        self.assertTrue(self.allowed(self.provider.sign()))
        self.provider.add("three")
        for _ in range(3):
            self.assertFalse(self.allowed(self.provider.sign("three")))
        self.assertEqual(3, self.provider.asked)

    def test_without_keys_nobody_can_tell(self):
        for broken in (
            (500, b""),
            (200, b"{"),
            (200, b'{"keys": []}'),
            (200, b"[]"),
            (200, b"[" * 100_000),
            (
                302,
                b"",
            ),
        ):
            self.provider.broken = broken
            self.make(pause=3600)
            before = self.provider.asked
            for _ in range(2):
                error = self.assertRaises(
                    exception.KeysUnavailable,
                    self.allowed,
                    self.provider.sign(),
                )
            self.assertEqual(before + 1, self.provider.asked)
            self.assertIn(self.provider.host, error.message)

    def test_known_keys_outlast_an_outage(self):
        self.make(pause=0)
        self.assertTrue(self.allowed(self.provider.sign()))
        self.provider.broken = (500, b"")
        self.provider.add("two")
        self.assertRaises(
            exception.KeysUnavailable,
            self.allowed,
            self.provider.sign("two"),
        )
        self.assertTrue(self.allowed(self.provider.sign()))
