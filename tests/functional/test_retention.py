# SPDX-License-Identifier: Apache-2.0
"""Operations that ended long ago are forgotten, by hand and by themselves."""

from tests.fixtures import wait
from tests.functional import watching


class RetentionTest(watching.WatchingTestCase):
    """A running conductor, and ``reposync-manage``."""

    def gone(self, operation):
        path = f"/v1/operations/{operation['id']}"
        return self.admin.call("GET", path).status_code == 404

    def purge(self, *arguments):
        return self.service.run(
            "reposync-manage", "db", "purge", *arguments
        ).strip()

    def synchronised(self):
        self.push("one")
        self.service.list.write_text(f"{self.name}\n")
        answer = self.admin.call("PUT", "/v1/sync")
        return self.admin.done(self.admin.accepted(answer))

    def test_by_hand(self):
        operation = self.synchronised()
        for arguments in ([], ["--older-than", "0.5"]):
            self.assertEqual("Operations purged: 0", self.purge(*arguments))
        arguments = ["--older-than", "0"]
        self.assertEqual(
            "Operations to be purged: 2", self.purge(*arguments, "--dry-run")
        )
        self.assertFalse(self.gone(operation))
        self.assertEqual("Operations purged: 2", self.purge(*arguments))
        self.assertTrue(self.gone(operation))

    def test_for_ever_needs_an_age(self):
        self.service.write_config(self.all_options(conductor={"retention": 0}))
        error = self.assertRaises(AssertionError, self.purge)
        self.assertIn("Name an age with --older-than", str(error))

    def test_by_the_conductor(self):
        operation = self.synchronised()
        self.restart_with(retention=2)
        wait.until(lambda: self.gone(operation), "an operation purged", 60)
        self.assertEqual(
            ["2 operations that ended long ago are purged"],
            self.said("reposync-conductor", "are purged"),
        )

    def restart_with(self, **options):
        self.service.write_config(self.all_options(conductor=options))
        self.service.stop_process("reposync-conductor")
        self.service.start_process("reposync-conductor")
