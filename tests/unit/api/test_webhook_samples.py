# SPDX-License-Identifier: Apache-2.0
"""The bodies of the page about webhooks, sent as curl sends them."""

import hmac
from pathlib import Path

import stevedore
import testscenarios

from tests.unit.api import receiving

SAMPLES = Path(__file__).parents[3] / "doc/source/_samples/webhooks"
FORMATS = {
    each.name: each.plugin
    for each in stevedore.ExtensionManager("reposync.webhooks")
}
#: Has no secret, but a token that Google signs.
WITHOUT = {"gcr"}
#: Headers that tell what has happened.
EVENTS = {
    "github": {"X-GitHub-Event": "package"},
    "nexus": {"X-Nexus-Webhook-Id": "rm:repository:component"},
}


class WebhookSampleTest(
    testscenarios.TestWithScenarios, receiving.ReceiverTestCase
):
    """Each format has a body that makes a pull of team/app:1."""

    scenarios = [
        (name, {"format": name}) for name in sorted(FORMATS.keys() - WITHOUT)
    ]

    def test_the_body_makes_a_pull(self):
        self.list.write_text("*\n")
        options = {"format": self.format, "secret": [receiving.SECRET]}
        if not FORMATS[self.format].names_registry:
            options["registry"] = "registry.example.org"
        self.receive(a=options)
        body = (SAMPLES / f"{self.format}.json").read_bytes()
        self.headers = {
            # What curl says of -d and --data-binary.
            "Content-Type": "application/x-www-form-urlencoded",
            **EVENTS.get(self.format, {}),
            **self.proof(body),
        }
        answer = self.call(
            "POST", f"/v1/notify/a{self.query()}", 202, body=body
        )
        [made] = answer.json["operations"]
        self.assertEqual("pull", made["kind"])
        self.assertRegex(made["reference"], r"team/app:1$")

    def query(self):
        """Give the end of the address."""
        if FORMATS[self.format].auth != "query":
            return ""
        return f"?token={receiving.SECRET}"

    def proof(self, body):
        """Give the header by which the caller is known."""
        known = FORMATS[self.format]
        if known.auth == "header":
            return {known.header: receiving.SECRET}
        if not known.auth.startswith("hmac-"):
            return {}
        kind = known.auth.removeprefix("hmac-")
        digest = hmac.new(receiving.SECRET.encode(), body, kind).hexdigest()
        prefix = "" if self.format == "nexus" else f"{kind}="
        return {known.header: prefix + digest}
