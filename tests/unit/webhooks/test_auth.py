# SPDX-License-Identifier: Apache-2.0
"""How callers of webhooks prove who they are."""

import base64
import hmac

import testtools

from reposync.webhooks import authentication

OLD = "the-old-secret-of-it"
NEW = "das-neue-Geheimnis-é"
BODY = b'{"a": 1}'


def signature(algorithm, secret=NEW, body=BODY):
    return hmac.new(secret.encode(), body, algorithm).hexdigest()


def basic(text):
    return f"Basic {base64.b64encode(text.encode()).decode()}"


class AuthTest(testtools.TestCase):
    """Each way, with right and wrong secrets."""

    def check(self, way, headers=None, query="", header="X-A", body=BODY):
        check = authentication.make(way, header, [OLD, NEW])
        sent = {
            name: value.encode().decode("latin-1")
            for name, value in (headers or {}).items()
        }
        return check(sent, query.encode(), body)

    def test_query(self):
        for query, right in (
            (f"token={OLD}", True),
            ("token=das-neue-Geheimnis-%C3%A9", True),
            (f"x=1&token={OLD}&y", True),
            (f"token={OLD}&token={OLD}", False),
            (f"token={OLD}x", False),
            (f"Token={OLD}", False),
            ("token=%ff", False),
            ("token=", False),
            ("token", False),
            ("", False),
            ("&" * 5000, False),
        ):
            self.assertEqual(right, self.check("query", query=query), query)

    def test_a_plus_in_a_query_that_nobody_quoted(self):
        check = authentication.make("query", "", ["ab+c/d e=="])
        for query, right in (
            (b"token=ab+c/d e==", True),
            (b"token=ab%2Bc%2Fd%20e%3D%3D", True),
            (b"token=ab+c/d+e==", False),
        ):
            self.assertEqual(right, check({}, query, b""), query)

    def test_header(self):
        for value, right in (
            (OLD, True),
            (NEW, True),
            (f" {OLD}", False),
            (OLD.upper(), False),
            ("", False),
        ):
            headers = {"x-a": value}
            self.assertEqual(right, self.check("header", headers), value)
        self.assertFalse(self.check("header"))
        self.assertFalse(self.check("header", {"x-b": OLD}))

    def test_basic(self):
        check = authentication.make("basic", "", ["user:a:b"])
        for value, right in (
            (basic("user:a:b"), True),
            (basic("user:a:b").replace("Basic", "basic"), True),
            (basic("user:a"), False),
            (basic("user:a:b").replace("Basic", "Bearer"), False),
            ("Basic user:a:b", False),
            ("Basic", False),
            ("Basic \xe9\xe9\xe9\xe9", False),
            ("", False),
        ):
            headers = {"authorization": value}
            self.assertEqual(right, check(headers, b"", b""), value)

    def test_hmac(self):
        for name in ("sha1", "sha256", "sha512"):
            way, right = f"hmac-{name}", signature(name)
            for value in (
                right,
                right.upper(),
                f"{name}={right}",
                f" {name.upper()}={right.upper()} ",
                signature(name, OLD),
            ):
                self.assertTrue(self.check(way, {"x-a": value}), value)
            for value in (
                "",
                f"{name}=",
                NEW,
                f"md5={right}",
                f"sha384={right}",
                right[:-1],
                signature(name, "wrong"),
                signature("md5"),
                signature(name, body=b""),
                "é" * 40,
            ):
                self.assertFalse(self.check(way, {"x-a": value}), value)
            self.assertFalse(self.check(way))
            self.assertFalse(self.check(way, {"x-a": right}, body=b"{}"))

    def test_no_secret_lets_nobody_in(self):
        for secrets in ([], [""], ["good", ""]):
            for way in ("query", "header", "basic", "hmac-sha256"):
                self.assertRaises(
                    ValueError, authentication.make, way, "X-A", secrets
                )

    def test_a_documented_signature(self):
        # GitHub's own example of a webhook's signature.
        check = authentication.make(
            "hmac-sha256",
            "X-Hub-Signature-256",
            ["It's a Secret to Everybody"],
        )
        shown = (
            "sha256=757107ea0eb2509fc211221cce984b8a"
            "37570b6d7586c22c46f4379c8b043e17"
        )
        headers = {"x-hub-signature-256": shown}
        self.assertTrue(check(headers, b"", b"Hello, World!"))
