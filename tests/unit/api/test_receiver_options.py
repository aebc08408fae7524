# SPDX-License-Identifier: Apache-2.0
"""``/v1/notify/{receiver}``: hosts, secrets, and what must not start."""

import gzip
import hashlib
import hmac
import json
from pathlib import Path
import urllib.parse

from reposync.conf import receiver as receiver_conf
from reposync.webhooks import receivers
from tests.unit.api import receiving

ROOT = Path(__file__).parents[3]


class HostTest(receiving.ReceiverTestCase):
    """Events of a registry behind a proxy, and of those that name no host."""

    def test_the_receiver_says_which_registry_it_is(self):
        self.list.write_text("public.example:5000/team/*\n")
        self.receive(
            a={
                "format": "distribution",
                "secret": [receiving.SECRET],
                "registry": "public.example:5000",
            }
        )
        for number, host in enumerate(("registry", "10.0.0.1:5000", "")):
            body = receiving.event(
                number, host=host or "x y", repository="team/app", tag="1"
            )
            answer = self.send(body, status=202)
            [made] = answer.json["operations"]
            self.assertEqual(
                "public.example:5000/team/app:1", made["reference"]
            )

    def test_an_internal_name_alone_leads_nowhere(self):
        self.list.write_text("*/team/*\nteam/*\n")
        answer = self.send(
            receiving.event(1, host="registry", repository="team/app", tag="1")
        )
        [left] = answer.json["ignored"]
        self.assertEqual("not_listed", left["reason"])


class AuthTest(receiving.ReceiverTestCase):
    """Secrets by the way of each format, two at once."""

    def test_two_secrets_at_once(self):
        secrets = ["the-old-secret-of-it", "the-new-secret-of-it"]
        self.receive(a={"format": "distribution", "secret": secrets})
        for secret in secrets:
            self.headers = {"Authorization": secret}
            self.send(status=200)
        self.headers = {"Authorization": "the-next-secret-of-it"}
        self.send(status=401)

    def test_the_ways_of_the_formats(self):
        body = json.dumps({"zen": "z", "action": "ping"}).encode()

        def signed(algorithm):
            return hmac.new(
                receiving.SECRET.encode(), body, algorithm
            ).hexdigest()

        sha256 = signed(hashlib.sha256)
        for name, headers, query in (
            ("github", {"X-Hub-Signature-256": f"sha256={sha256}",
                        "X-GitHub-Event": "ping"}, ""),
            ("generic", {"X-Signature": f"sha256={sha256}"}, ""),
            ("nexus", {"X-Nexus-Webhook-Signature": signed("sha1"),
                       "X-Nexus-Webhook-Id": "ping"}, ""),
            ("acr", {"Authorization": receiving.SECRET}, ""),
            ("ecr", {"X-Webhook-Secret": receiving.SECRET}, ""),
            ("artifactory", {"X-JFrog-Event-Auth": receiving.SECRET}, ""),
            ("quay", {}, f"?token={receiving.SECRET}"),
        ):  # fmt: skip
            options = {"format": name, "secret": [receiving.SECRET]}
            self.receive(r=options | {"registry": "r.example"})
            for headers_sent, secret_query, right in (
                (headers, query, True),
                ({}, "", False),
                ({}, "?token=wrong-secret-of-it", False),
            ):
                self.headers = headers_sent
                answer = self.call(
                    "POST", f"/v1/notify/r{secret_query}", body=body
                )
                refused = answer.status_int == 401
                self.assertEqual(right, not refused, name)

    def test_a_signature_is_one_of_the_bytes_as_they_came(self):
        self.list.write_text("ghcr.io/codertocat/*\n")
        self.receive(r={"format": "github", "secret": [receiving.SECRET]})
        path = ROOT / "tests/fixtures/webhooks/github/package.json"
        text = json.dumps(json.loads(path.read_text())["body"])
        form = urllib.parse.urlencode({"payload": text}).encode()
        kind = "application/x-www-form-urlencoded"
        for body, headers in (
            (form, {"Content-Type": kind}),
            (gzip.compress(form), {"Content-Encoding": "gzip"}),
            (b"\xef\xbb\xbf" + text.encode(), {}),
        ):
            signature = hmac.new(
                receiving.SECRET.encode(), body, "sha256"
            ).hexdigest()
            self.headers = {
                "X-GitHub-Event": "package",
                "X-Hub-Signature-256": f"sha256={signature}",
            }
            answer = self.call(
                "POST", "/v1/notify/r", 202, body=body, headers=headers
            )
            [made] = answer.json["operations"]
            self.assertEqual(
                "ghcr.io/codertocat/hello-world:latest", made["reference"]
            )
            self.call("POST", "/v1/notify/r", 401, body=body + b" ")

    def test_event_grid_reads_its_code(self):
        self.receive(r={"format": "acr", "secret": [receiving.SECRET]})
        folder = ROOT / "tests/fixtures/webhooks/acr"
        told = json.loads((folder / "event-grid-validation.json").read_text())[
            "body"
        ]
        body = json.dumps([told]).encode()
        answer = self.call("POST", "/v1/notify/r", 200, body=body)
        self.assertEqual(
            told["data"]["validationCode"], answer.json["validationResponse"]
        )
        self.headers = {}
        self.call("POST", "/v1/notify/r", 401, body=body)

    def test_the_way_can_be_chosen(self):
        body = json.dumps({"events": []}).encode()
        digest = hmac.new(
            receiving.SECRET.encode(), body, "sha512"
        ).hexdigest()
        for options, headers, query in (
            ({"auth": "query"}, {}, f"?token={receiving.SECRET}"),
            (
                {"auth": "header", "auth_header": "X-A"},
                {"X-A": receiving.SECRET},
                "",
            ),
            (
                {"auth": "hmac-sha512", "auth_header": "X-A"},
                {"X-A": f"sha512={digest}"},
                "",
            ),
        ):
            self.receive(
                a={"format": "distribution", "secret": [receiving.SECRET]}
                | options
            )
            self.headers = headers
            self.call("POST", f"/v1/notify/a{query}", 200, body=body)
            self.headers = {"Authorization": receiving.SECRET}
            self.call("POST", "/v1/notify/a", 401, body=body)


class ConfigurationTest(receiving.ReceiverTestCase):
    """Receivers that must not go into service."""

    def test_they_keep_it_from_starting_and_are_named(self):
        good = {"format": "distribution", "secret": [receiving.SECRET]}
        for options, text in (
            ({"secret": []}, "secret"),
            ({"secret": [""]}, "secret"),
            ({"secret": [receiving.SECRET, "short"]}, "secret"),
            ({"secret": ["Bearer a-short-one"]}, "secret"),
            ({"auth": "basic"}, "USER:PASSWORD"),
            (
                {"auth": "basic", "secret": ["a-long-user-name:short"]},
                "password must have at least 16",
            ),
            ({"format": None}, "format must be one of acr, aliyun"),
            ({"format": "x"}, "format must be one of acr, aliyun"),
            ({"format": "nexus"}, "registry"),
            ({"registry": "registry"}, "host"),
            ({"registry": "https://r.example"}, "host"),
            ({"project_id": "x" * 65}, "project_id"),
            ({"format": "gcr"}, "oidc_audience"),
            ({"format": "gcr", "oidc_audience": "a"}, "oidc_email"),
        ):
            error = self.assertRaises(
                receivers.BadReceiver, self.receive, bad=good | options
            )
            self.assertTrue(str(error).startswith("[receiver:bad] "), error)
            self.assertIn(text, str(error))
            self.assertNotIn(receiving.SECRET, str(error))
            self.doCleanups_of("receiver:bad")

    def test_secrets_in_addresses(self):
        for tokens in ([""], ["fifteen-letters"], [receiving.SECRET, "x"]):
            self.config(tokens=tokens, group="notify")
            error = self.assertRaises(receivers.BadReceiver, self.make)
            self.assertTrue(str(error).startswith("[notify] tokens: "), error)
            for token in filter(None, tokens):
                self.assertNotIn(f" {token}", str(error))
        self.config(tokens=[receiving.SECRET], group="notify")
        self.make()

    def test_names(self):
        for names in (["A"], ["a b"], ["a", "a"], ["../x"], [""], ["x" * 65]):
            self.config(receivers=names, group="notify")
            error = self.assertRaises(receivers.BadReceiver, self.make)
            self.assertIn("receivers", str(error))

    def doCleanups_of(self, group):
        for option in receiver_conf.OPTIONS:
            self.conf.clear_override(option.name, group=group)
