# SPDX-License-Identifier: Apache-2.0
"""A call that somebody has overheard is repeated, with other headers.

Only what the signature covers cannot be changed: the body.
"""

import hmac
import json
from pathlib import Path

import stevedore
import testscenarios

from tests.unit.api import receiving

ROOT = Path(__file__).parents[2] / "fixtures/webhooks"
FORMATS = {
    each.name: each.plugin
    for each in stevedore.ExtensionManager("reposync.webhooks")
}
#: Where the id is, by sample, and what a replay then does.  A body that has
#: nothing new for each push must count when it is repeated: the third of
#: three pushes may be the first once more.
REPLAYS = {
    "acr/push": "repeated",
    "aliyun/push": "counts",
    "artifactory/pushed": "counts",
    "distribution/gitlab": "repeated",
    "dockerhub/push": "counts",
    "ecr/push": "repeated",
    "gcr/push-tag": "repeated",
    "generic/all": "repeated",
    "generic/keel": "counts",
    "github/gitea": "repeated",
    "github/package": "counts",
    "harbor/push-tag": "counts",
    "harbor/push-cloudevents": "repeated",
    "nexus/component": "repeated",
    "quay/push": "counts",
    "zot/structured": "repeated",
    "zot/updated": "counts",
}
#: Headers that a caller chooses, and no signature covers.
CHOSEN = ("x-github-delivery", "x-nexus-webhook-delivery", "ce-id")


class ReplayTest(testscenarios.TestWithScenarios, receiving.ReceiverTestCase):
    """One documented body, twice."""

    scenarios = [
        (name, {"name": name, "expected": expected})
        for name, expected in REPLAYS.items()
    ]

    def setUp(self):
        super().setUp()
        self.list.write_text("*\n")
        self.format = self.name.partition("/")[0]
        sample = json.loads((ROOT / f"{self.name}.json").read_text())
        for resource in sample["body"].get("data", {}).get("resources", ()):
            # Harbor's own is one of an artifact without a tag.
            resource["tag"] = "1"
        self.body = json.dumps(sample["body"]).encode()
        self.sent = sample["headers"]
        options = {"format": self.format, "secret": [receiving.SECRET]}
        self.known = FORMATS[self.format]
        if self.known.auth == "oidc":
            # Who has overheard the token may use it until it has expired.
            options["auth"] = "query"
        if not self.known.names_registry:
            options["registry"] = "registry.example.org"
        self.receive(a=options)

    def replay(self, number):
        """Send it under another id; returns the answer."""
        headers = self.sent | {
            name: f"id-{number}" for name in CHOSEN if name in self.sent
        }
        way = self.known.auth
        if way.startswith("hmac-"):
            kind = way.removeprefix("hmac-")
            shown = hmac.new(receiving.SECRET.encode(), self.body, kind)
            headers[self.known.header] = shown.hexdigest()
        elif way == "header":
            headers[self.known.header] = receiving.SECRET
        self.headers = headers
        query = f"?token={receiving.SECRET}"
        answer = self.call("POST", f"/v1/notify/a{query}", body=self.body)
        self.assertIn(answer.status_int, (200, 202), answer.body)
        return answer.json

    def test_it_makes_nothing_or_one_look(self):
        made = self.replay(1)["operations"]
        self.assertNotEqual([], made)
        settles = [row.settle_until for row in self.rows()]
        for number in range(2, 5):
            again = self.replay(number)
            reasons = {each["reason"] for each in again["ignored"]}
            known = self.expected == "repeated"
            self.assertEqual(known, not again["operations"])
            self.assertEqual(known, "repeated" in reasons)
        # However often it comes, one operation waits for each image.
        self.assertEqual(len(made), len(self.rows()))
        if self.known.auth.startswith("hmac-"):
            # And it waits for the registry no longer for that.
            found = [row.settle_until for row in self.rows()]
            self.assertEqual(settles, found)

    def test_after_its_operation_has_ended(self):
        made = self.replay(1)["operations"]
        for each in made:
            self.finish(each["id"])
        again = self.replay(2)["operations"]
        self.assertEqual(
            0 if self.expected == "repeated" else len(made), len(again)
        )


class CompleteTest(receiving.ReceiverTestCase):
    """No format is forgotten."""

    def test_every_format_is_there(self):
        there = {name.partition("/")[0] for name in REPLAYS}
        self.assertEqual(set(FORMATS), there)
