# SPDX-License-Identifier: Apache-2.0
"""How operations are cancelled, on every kind of database."""

import concurrent.futures
import threading

from reposync import exception
from reposync.db.queue import leases
from reposync.db.queue import operations
from tests.contract.operations import request
from tests.contract.operations import Rows
from tests.fixtures import wait


class CancellingContract(Rows):
    """Tests; the class that uses them sets ``self.db``."""

    def test_cancel_waiting_running_and_finished(self):
        waiting = operations.submit(self.db, request())
        self.assertEqual(
            "cancelled", operations.cancel(self.db, waiting.id).state
        )
        running = operations.submit(self.db, request())
        lease = self.claim(running)
        self.assertEqual(
            "running", operations.cancel(self.db, running.id).state
        )
        self.assertTrue(leases.extend(self.db, lease, 30))
        leases.finish(self.db, lease, "cancelled")
        self.assertRaises(
            exception.OperationFinished,
            operations.cancel,
            self.db,
            running.id,
        )

    def test_cancelled_after_the_last_sign_of_life(self):
        operation = operations.submit(self.db, request())
        lease = self.claim(operation)
        operations.cancel(self.db, operation.id)
        leases.give_back(self.db, lease, 3600)
        found = self.get(operation)
        self.assertEqual(
            ("cancelled", None, None),
            (found.state, found.pending_key, found.owner),
        )

    def test_cancelled_while_it_changes_hands(self):
        for number in range(20):
            operation = operations.submit(self.db, request(f"image{number}"))
            ended = threading.Event()
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                hands = pool.submit(self.pass_on, operation, ended)
                try:
                    wait.until(lambda row=operation: self.get(row).attempt > 1)
                    operations.cancel(self.db, operation.id)
                    wait.until(hands.done)
                finally:
                    ended.set()
            self.assertEqual("cancelled", self.get(operation).state)

    def pass_on(self, operation, ended):
        """Claim an operation and give it back, until it has ended."""
        while not ended.is_set():
            found = self.get(operation)
            if found.state == "cancelled":
                break
            if lease := self.claim(found):
                leases.give_back(self.db, lease, 0)
