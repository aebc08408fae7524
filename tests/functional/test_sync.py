# SPDX-License-Identifier: Apache-2.0
"""A synchronisation of the listed repositories."""

from tests.functional import service


class SyncTest(service.ServiceTestCase):
    """``PUT /v1/sync`` over real servers."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.service.list.write_text, "")

    def test_one_failure_does_not_stop_the_rest(self):
        for tag in ("1", "2"):
            self.push(tag, tag)
        self.admin.done(self.admin.pull(self.name, "2"))
        self.service.list.write_text(
            f"# mirrored\n{self.name}:1\n\n{self.name}:2\n"
            f"{self.name}:missing\nNot:A:Name\n"
        )
        lines = self.admin.stream("PUT", "/v1/sync")
        *parts, last = lines
        found = {part["reference"]: part for part in parts}
        self.assertEqual("created", found[f"{self.name}:1"]["outcome"])
        self.assertEqual("unchanged", found[f"{self.name}:2"]["outcome"])
        missing = found[f"{self.name}:missing"]["error"]
        self.assertEqual("reference_not_found", missing["code"])
        bad = found["Not:A:Name"]["error"]
        self.assertEqual("invalid_reference", bad["code"])
        self.assertIn("Line 6 ", bad["message"])
        counts = last["operation"]["counts"]
        self.assertEqual(
            (1, 0, 1, 2, 4),
            tuple(
                counts[word]
                for word in (
                    "created",
                    "updated",
                    "unchanged",
                    "failed",
                    "total",
                )
            ),
        )
        self.assertEqual("failed", last["operation"]["state"])

    def test_all_well(self):
        self.push("one")
        self.service.list.write_text(f"{self.name}\n")
        operation = self.admin.accepted(self.admin.call("PUT", "/v1/sync"))
        self.assertEqual(1, self.admin.done(operation)["counts"]["created"])
        self.assertEqual(1, len(self.cloud.visible(self.name)))
