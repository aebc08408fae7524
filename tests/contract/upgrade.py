# SPDX-License-Identifier: Apache-2.0
"""What an earlier release has written, on every kind of database."""

import sqlalchemy as sa

from reposync.db import migration
from reposync.db.queue import leases
from reposync.db.queue import operations
from tests.contract.operations import request
from tests.fixtures import wait

#: The last revision without lanes.
_BEFORE = "006"
_INSERT = (
    "INSERT INTO operations (id, kind, state, image_key, not_before, "
    "lease_until, created_at, updated_at, attempt, bytes_done, coalesced, "
    "cancel_requested) VALUES (:id, 'pull', :state, :key, 1, 1, 1, 1, 0, 0, "
    "0, {false})"
)


class UpgradeContract:
    """Tests; the class that uses them sets ``self.db``.

    ``self.empty_database()`` gives one without tables.
    """

    def write_old(self, db, **states):
        false = "0" if db.engine.name == "sqlite" else "FALSE"
        rows = [
            {"id": name * 36, "key": name * 64, "state": state}
            for name, state in states.items()
        ]
        statement = sa.text(_INSERT.format(false=false))
        db.write(lambda session: session.execute(statement, rows))

    def test_what_waits_is_done_after_an_upgrade(self):
        db = self.empty_database()
        migration.sync(db, _BEFORE)
        self.write_old(db, a="queued", b="running", c="succeeded")
        migration.sync(db)
        self.assertEqual([], migration.differences(db))
        operations.submit(db, request("new"))
        found = leases.candidates(db, 9)
        self.assertEqual(("b" * 36, 3), (found[0][0], len(found)))
        self.assertIn(("a" * 36, 0), found)
        taken = leases.claim(db, "a" * 36, 0, "me", 60)
        leases.give_back(db, leases.Lease(taken.id, "me", 1), 0)
        wait.until(lambda: ("a" * 36, 1) in leases.candidates(db, 9))

    def test_what_it_goes_on_writing_takes_turns(self):
        for name in ("x", "y"):
            operations.submit(self.db, request(name))
            operations.submit(
                self.db, request(f"other-{name}", project_id="b")
            )
        self.write_old(self.db, a="queued", b="queued")
        wait.until(lambda: len(leases.candidates(self.db, 9)) == 6)
        # Whichever lane was last, its turn comes.
        for last in ("", "f" * 32):
            taken, lane = [], last
            for _ in range(3):
                [(operation_id, attempt), *_] = leases.candidates(
                    self.db, 9, lane
                )
                row = leases.claim(self.db, operation_id, attempt, "me", 60)
                lane = row.lane
                taken.append(row.id[:2])
            self.assertEqual(1, len({"aa", "bb"}.intersection(taken)), taken)
