# SPDX-License-Identifier: Apache-2.0
"""A registry that is behind its own webhook."""

from reposync import exception
from reposync import keys
from reposync import reference as ref
from reposync.db.queue import deduplication
from reposync.db.queue import operations
from tests.fixtures import wait
from tests.unit.conductor import base

OLD = "sha256:" + "0" * 64


class SettlingTest(base.ConductorTestCase):
    """Pulls and deletions that a webhook told of."""

    def setUp(self):
        super().setUp()
        self.list.write_text("app delete=yes\n")
        self.start()

    def told(self, digest=None, seconds=60, kind="pull", name="app:2"):
        reference = ref.Reference.parse(name)
        request = operations.Request(
            kind,
            keys.name_key(self.conf, reference),
            reference=str(reference),
            announced=deduplication.Announcement(digest, seconds),
        )
        return self.submit(request)

    def behind(self, operation):
        """Wait until it waits for the registry."""
        wait.until(lambda: self.get(operation).error_code, "a look")
        found = self.get(operation)
        self.assertEqual("registry_behind", found.error_code)
        return found

    def test_a_tag_that_comes_later(self):
        operation = self.told()
        found = self.behind(operation)
        self.assertEqual(0, found.attempt)
        self.assertIn("is asked again for", found.error_message)
        self.source.push("app:2", b"new")
        ended = self.ended(operation)
        self.assertEqual(
            ("succeeded", "created", None),
            (ended.state, ended.outcome, ended.error_code),
        )

    def test_a_tag_that_is_the_old_one_for_a_while(self):
        old = self.source.push("app:2", b"old")
        self.assertEqual("created", self.ended(self.pull("app:2")).outcome)
        new = self.source.push("app:2", b"new")
        self.source.push("app:2", b"old")
        operation = self.told(new)
        message = self.behind(operation).error_message
        self.assertIn(old, message)
        self.assertIn(new, message)
        self.source.push("app:2", b"new")
        ended = self.ended(operation)
        self.assertEqual("updated", ended.outcome)
        self.assertEqual(new, ended.image["docker_digest"])

    def test_the_worker_is_free_meanwhile(self):
        self.config(workers=1, group="conductor")
        waiting = [self.told(name=f"app:{number}") for number in range(9)]
        self.behind(waiting[-1])
        self.source.push("other:1", b"one")
        self.assertEqual("created", self.ended(self.pull("other:1")).outcome)

    def test_waiting_is_no_attempt(self):
        self.config(max_attempts=1, group="conductor")
        operation = self.told()
        self.behind(operation)
        asked = self.source.asked
        wait.until(lambda: self.source.asked >= asked + 2, "two more looks")
        self.source.push("app:2", b"new")
        self.assertEqual("created", self.ended(operation).outcome)

    def test_after_the_while_it_fails(self):
        ended = self.ended(self.told(seconds=2))
        self.assertEqual(
            ("failed", "reference_not_found", 1),
            (ended.state, ended.error_code, ended.attempt),
        )
        self.assertGreater(self.source.asked, 1)

    def test_after_the_while_what_is_there_is_taken(self):
        there = self.source.push("app:2", b"a third one")
        operation = self.told(OLD, seconds=2)
        self.behind(operation)
        ended = self.ended(operation)
        self.assertEqual("created", ended.outcome)
        self.assertEqual(there, ended.image["docker_digest"])
        self.assertIn("what the registry has is taken", self.log.output)

    def test_another_webhook_brings_the_newer_digest(self):
        new = self.source.push("app:2", b"new")
        operation = self.told(OLD)
        self.behind(operation)
        joined = self.told(new)
        self.assertEqual(operation.id, joined.id)
        self.assertEqual("created", self.ended(operation).outcome)

    def test_the_digest_of_the_platform_within_an_index_is_enough(self):
        manifest = self.source.push("app:2", b"new")
        self.source.indexes["app:2"] = OLD
        self.source.tell_more = True
        ended = self.ended(self.told(manifest))
        self.assertEqual(
            ("created", OLD),
            (ended.outcome, ended.image["docker_digest"]),
        )
        self.assertEqual(1, self.source.asked)
        self.assertNotIn("what the registry has is taken", self.log.output)

    def test_another_kind_of_digest_is_not_waited_for(self):
        self.source.push("app:2", b"new")
        operation = self.told("sha512:" + "0" * 128)
        self.assertEqual("created", self.ended(operation).outcome)

    def test_a_layer_that_comes_later(self):
        self.source.push("app:2", b"new")
        missing = [exception.ReferenceNotFound("a layer is not there")]

        def come(number):
            if missing:
                raise missing.pop()

        self.source.on_piece = come
        operation = self.told()
        self.assertEqual("created", self.ended(operation).outcome)
        self.assertEqual([], missing)

    def test_a_deletion_that_comes_later(self):
        digest = self.source.push("app:2", b"one")
        for told in (None, digest):
            self.source.push("app:2", b"one")
            self.ended(self.pull("app:2"))
            operation = self.told(told, kind="delete")
            self.behind(operation)
            del self.source.contents["app:2"]
            self.assertEqual("succeeded", self.ended(operation).state)
            self.assertEqual({}, self.driver.kept)

    def test_what_was_pushed_again_stays_at_once(self):
        self.source.push("app:2", b"one")
        self.ended(self.pull("app:2"))
        operation = self.told(OLD, kind="delete")
        self.assertEqual("unchanged", self.ended(operation).outcome)
        self.assertEqual(1, len(self.driver.kept))

    def test_what_is_not_gone_stays_after_the_while(self):
        digest = self.source.push("app:2", b"one")
        self.ended(self.pull("app:2"))
        operation = self.told(digest, 2, "delete")
        self.assertEqual("unchanged", self.ended(operation).outcome)
        self.assertEqual(1, len(self.driver.kept))
