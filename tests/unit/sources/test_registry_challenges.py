# SPDX-License-Identifier: Apache-2.0
"""Challenges of registries, whole and broken."""

from reposync.sources.registry.authentication import challenges
from tests.unit import base

BEARER = 'Bearer realm="https://a/token"'

#: One header each, and the schemes that can be answered.
HEADERS = (
    ("Bearer realm=", ""),
    ("Bearer", ""),
    ('Bearer realm="https://a/token",service=,scope=', "bearer"),
    ("Bearer realm=https://a/token,service=a", "bearer"),
    ('BEARER REALM="https://a/token" , SERVICE = "a"', "bearer"),
    ('Bearer realm="https://a/token" service="a"', "bearer"),
    ('BASIC realm="Sonatype Nexus Repository Manager"', "basic"),
    ("basic", "basic"),
    (f'Basic realm="a, \\"b\\" c", {BEARER}', "bearer basic"),
    (f"Negotiate, {BEARER}", "bearer"),
    (f"Negotiate YIIabc==, Basic realm=x, {BEARER}", "bearer basic"),
    (f'Digest qop="auth,auth-int", nonce="x=y", {BEARER}', "bearer"),
    (f", ,{BEARER},, ", "bearer"),
    ('Bearer realm="http://[::1",service=x, Basic realm=x', "basic"),
    ('Bearer realm="https://a/token, Basic realm="x"', "basic"),
    ('Bearer realm="https://a:99999/token"', ""),
    ('Bearer realm="https://a:0/token"', ""),
    ('Bearer realm="https://good.example.org@a/token"', ""),
    ('Bearer realm="https://a\\\\b/token"', ""),
    ('Bearer realm="/token"', ""),
    ('Bearer realm="ftp://a/token"', ""),
    ('Bearer realm="https:///token"', ""),
    ('Bearer realm="https://a/to\x01ken"', ""),
    ('Bearer realm="https://a/to ken"', ""),
    ('Bearer realm="https://ä/token"', ""),
    ('\x00\xff;;;=,=,"', ""),
    ("", ""),
    ('"' * 100_000, ""),
    ("a=" * 50_000, ""),
    (", " * 50_000, ""),
    ("x" * 100_000, ""),
    ("Bearer " * 20_000, ""),
)


class ReadTest(base.TestCase):
    """What is made of a header."""

    def test_each(self):
        for header, schemes in HEADERS:
            found = challenges.read([header])
            self.assertEqual(
                schemes.split(), [each.scheme for each in found], header[:80]
            )

    def test_several_headers(self):
        found = challenges.read(["Bearer realm=", "Basic realm=x", BEARER])
        self.assertEqual(["bearer", "basic"], [each.scheme for each in found])

    def test_what_a_token_is_for(self):
        [found] = challenges.read(
            [
                'Bearer realm="https://a/t?x=1#y",service="a \\"b\\"",'
                'scope="repository:a:pull aws",error="insufficient_scope"'
            ]
        )
        self.assertEqual("https://a/t?x=1", found.realm)
        self.assertEqual('a "b"', found.service)
        self.assertEqual(("repository:a:pull", "aws"), found.scopes)

    def test_the_number_is_bounded(self):
        many = [f'Bearer realm="https://a/{n}"' for n in range(100)]
        self.assertLess(len(challenges.read([", ".join(many), *many])), 50)
