# SPDX-License-Identifier: Apache-2.0
"""Deletions in a registry, followed."""

from reposync import exception
from reposync import keys
from reposync import reference as ref
from reposync.db.queue import operations
from reposync.sources import errors
from tests.unit.conductor import base


class GoneTest(base.ConductorTestCase):
    """What becomes of images after a webhook said that they are gone."""

    def setUp(self):
        super().setUp()
        self.list.write_text("team/* delete=yes\nkept\n")
        for number, name in enumerate(("team/app:1", "team/app:2", "kept:1")):
            self.source.push(name, b"same" if number < 2 else b"other")
        self.start()
        for name in list(self.source.contents):
            self.ended(self.pull(name))

    def gone(self, name):
        if "@" in name:
            path, _, digest = name.partition("@")
            parsed = ref.Reference.parse(path)
            reference = ref.Reference(
                parsed.registry, parsed.repository, None, digest
            )
        else:
            reference = ref.Reference.parse(name)
        key = keys.name_key(self.conf, reference)
        return self.submit(
            operations.Request("delete", key, reference=str(reference))
        )

    def kept(self):
        return sorted(
            f"{image.docker_name}:{image.docker_tag}"
            for image in self.driver.kept.values()
        )

    def test_what_is_gone_from_the_registry_is_deleted(self):
        del self.source.contents["team/app:1"]
        ended = self.ended(self.gone("team/app:1"))
        self.assertEqual("succeeded", ended.state, ended.error_message)
        self.assertEqual("1", ended.image["docker_tag"])
        self.assertEqual(["kept:1", "team/app:2"], self.kept())
        again = self.ended(self.gone("team/app:1"))
        self.assertEqual(
            ("succeeded", "unchanged"), (again.state, again.outcome)
        )

    def test_what_the_registry_still_has_stays(self):
        ended = self.ended(self.gone("team/app:1"))
        self.assertEqual(
            ("succeeded", "unchanged"), (ended.state, ended.outcome)
        )
        self.assertEqual(3, len(self.kept()))

    def test_a_registry_that_does_not_answer_says_nothing(self):
        for error in (
            exception.RegistryDenied("no"),
            exception.ImageUnsupported("no"),
        ):
            self.source.failures = [error]
            self.assertEqual(
                "failed", self.ended(self.gone("team/app:1")).state
            )
        self.source.failures = [exception.PlatformNotFound("other")]
        self.assertEqual(
            "unchanged", self.ended(self.gone("team/app:1")).outcome
        )
        self.assertEqual(3, len(self.kept()))

    def test_only_what_the_registry_says_itself_counts(self):
        self.source.failures = [errors.PerhapsNotFound("404: <html>")]
        ended = self.ended(self.gone("team/app:1"))
        self.assertEqual((2, "unchanged"), (ended.attempt, ended.outcome))
        self.assertEqual(3, len(self.kept()))

    def test_a_digest_leads_to_its_tags(self):
        digest = self.source.push("team/app:2", b"same")
        del self.source.contents["team/app:1"]
        ended = self.ended(self.gone(f"team/app@{digest}"))
        self.assertEqual("succeeded", ended.state, ended.error_message)
        parts = [
            self.ended(row)
            for row in operations.find(
                self.db, operations.Query(kind="delete")
            )
            if row.id != ended.id
        ]
        self.assertEqual(
            {"team/app:1": None, "team/app:2": "unchanged"},
            {row.reference: row.outcome for row in parts},
        )
        self.assertEqual(["kept:1", "team/app:2"], self.kept())

    def test_a_digest_spreads_only_where_the_list_allows_it(self):
        digest = self.source.push("kept:1", b"other")
        del self.source.contents["kept:1"]
        self.ended(self.gone(f"kept@{digest}"))
        found = operations.find(self.db, operations.Query(kind="delete"))
        self.assertEqual(1, len(found))
        self.assertEqual(3, len(self.kept()))
