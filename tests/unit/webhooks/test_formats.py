# SPDX-License-Identifier: Apache-2.0
"""Every format: the bodies that registries document, and broken ones.

A file of ``tests/fixtures/webhooks`` holds a body, the headers it comes with,
where it is documented, and the events it gives; ``SHA256`` stands for the
hash of the body.
"""

import hashlib
import json
from pathlib import Path

import hypothesis
from hypothesis import strategies
import stevedore
import testscenarios
import testtools

from reposync import exception
from reposync.webhooks import base
from tests.fixtures.junk import JUNK
from tests.fixtures.junk import places
from tests.fixtures.junk import replaced

ROOT = Path(__file__).parents[2] / "fixtures/webhooks"
FILES = sorted(ROOT.glob("*/*.json"))
FORMATS = {
    each.name: each.plugin
    for each in stevedore.ExtensionManager("reposync.webhooks")
}


def events(found):
    """Give what counts of events."""
    return [
        {
            "action": event.action,
            "reference": event.reference and str(event.reference),
            "digest": event.digest,
            "delivery_id": event.delivery_id,
        }
        for event in found
    ]


class FormatsTest(testtools.TestCase):
    """What holds for all of them."""

    def test_every_format_has_documented_bodies(self):
        self.assertEqual({path.parent.name for path in FILES}, set(FORMATS))

    def test_what_is_no_json_object(self):
        for name, known in FORMATS.items():
            for body in (
                b"", b"{", b"[]", b"null", b"1", b"NaN", b'{"a": NaN}',
                b"\xff", b"[" * 100_000, b'{"a":' * 100_000,
                b'"text"', b"1" * 5000,
            ):  # fmt: skip
                with testtools.ExpectedException(
                    exception.InvalidWebhook, msg=f"{name} {body[:20]}"
                ):
                    known.parse({}, body)


class SamplesTest(testscenarios.WithScenarios, testtools.TestCase):
    """One documented body."""

    scenarios = [
        (f"{path.parent.name}/{path.stem}", {"path": path}) for path in FILES
    ]

    def test_it_gives_its_events(self):
        sample = json.loads(self.path.read_text())
        known = FORMATS[self.path.parent.name]
        body = json.dumps(sample["body"]).encode()
        found = known.parse(sample["headers"], body)
        for event in sample["events"]:
            if event["delivery_id"] == "SHA256":
                event["delivery_id"] = hashlib.sha256(body).hexdigest()
        self.assertEqual(sample["events"], events(found))
        for event in found:
            if event.action != "ping":
                self.assertEqual(event.action == "ignore", bool(event.note))


class BrokenTest(testscenarios.WithScenarios, testtools.TestCase):
    """A format's bodies with a part that is something else."""

    scenarios = [(name, {"name": name}) for name in sorted(FORMATS)]

    def setUp(self):
        super().setUp()
        self.parse = FORMATS[self.name].parse
        self.samples = [
            json.loads(path.read_text())
            for path in FILES
            if path.parent.name == self.name
        ]

    def check(self, headers, body):
        """A body gives events that make sense, or is refused."""
        try:
            found = self.parse(headers, body)
        except exception.InvalidWebhook as error:
            self.assertNotEqual("", error.message)
            return
        for event in found:
            self.assertIn(event.action, ("push", "delete", "ping", "ignore"))
            if event.action in ("push", "delete"):
                self.assertIsInstance(event.delivery_id, str | None)
                self.check_reference(event.reference)
            else:
                self.assertIsNone(event.reference)

    def check_reference(self, reference):
        self.assertTrue(base.is_host(reference.registry))
        named = base.image(
            reference.registry, reference.repository, reference.tag
        )
        self.assertEqual(named, reference)

    def test_each_part_in_turn(self):
        for sample in self.samples:
            for path in places(sample["body"]):
                for junk in (*JUNK, *([...] if path else [])):
                    body = replaced(sample["body"], path, junk)
                    self.check(sample["headers"], json.dumps(body).encode())

    def test_headers(self):
        for sample in self.samples:
            body = json.dumps(sample["body"]).encode()
            for name in sample["headers"]:
                for junk in ("", "x", "\xe9" * 500):
                    self.check(sample["headers"] | {name: junk}, body)

    def test_anything(self):
        json_values = strategies.recursive(
            strategies.none()
            | strategies.booleans()
            | strategies.integers()
            | strategies.text(max_size=20)
            | strategies.sampled_from(JUNK),
            lambda inner: (
                strategies.lists(inner, max_size=3)
                | strategies.dictionaries(
                    strategies.text(max_size=8), inner, max_size=3
                )
            ),
            max_leaves=8,
        )

        @hypothesis.settings(
            derandomize=True, database=None, deadline=None, max_examples=60
        )
        @hypothesis.given(strategies.data())
        def run(data):
            sample = data.draw(strategies.sampled_from(self.samples))
            body = sample["body"]
            for _ in range(data.draw(strategies.integers(1, 3))):
                path = data.draw(strategies.sampled_from(list(places(body))))
                body = replaced(body, path, data.draw(json_values))
            text = json.dumps(body).encode()
            cut = data.draw(strategies.integers(0, len(text)))
            self.check(sample["headers"], text)
            self.check(sample["headers"], text[:cut])

        run()
