# SPDX-License-Identifier: Apache-2.0
"""Writes down together what several callers ask for at the same time.

A commit waits for the disk, and commits to one row wait for each other.  A
storm of notifications, each in a transaction of its own, would be as fast as
the disk.  So while one transaction is under way, whoever comes waits, and the
first of those who waited writes down what all of them ask for in the next
one.  Where several came, the next leader waits a moment until as many have
come again: they come back from the transaction that has just ended, and
whoever is the first would write alone while all others wait.  A caller that
is alone waits for nobody.

Nobody is answered before the commit that covers them, and nobody is covered
by a transaction that had begun before they came: what it found may be out of
date.
"""

from collections.abc import Sequence
import threading

from reposync import exception
from reposync.db import models
from reposync.db.connection import session
from reposync.db.queue import operations

#: Most requests in one transaction; servers have fewer threads.
_MOST = 64
#: Seconds that a leader waits at most for as many as came before.
_PATIENCE = 0.040


class Folding:
    """Submits operations; one for all threads of a process.

    It holds no more requests than there are threads that wait in `submit`.
    """

    def __init__(
        self, db: session.Database, gathered: threading.Event | None = None
    ):
        """Store the database.

        :param gathered: what a leader waits for; a test gives its own, to
            let others come at just this moment
        """
        self._db = db
        self._lock = threading.Lock()
        self._waiting: list[_Ticket] = []
        self._writing = False
        #: As many as the last transaction had, and came while it ran.
        self._expected = 1
        self._gathered = gathered or threading.Event()

    @property
    def waiting(self) -> int:
        """How many requests wait for a transaction to end."""
        return len(self._waiting)

    def submit(self, request: operations.Request) -> models.Operation:
        """Write a request down, or join it; see `operations.submit`.

        :raises TooManyOperations: as many wait as the request allows
        :raises DatabaseUnavailable: nothing was written
        """
        ticket = _Ticket(request)
        with self._lock:
            self._waiting.append(ticket)
            ticket.leads = not self._writing
            self._writing = True
            if len(self._waiting) >= self._expected:
                self._gathered.set()
        if not ticket.leads:
            ticket.gate.acquire()
        if ticket.leads:
            self._gathered.wait(_PATIENCE)
            self._lead()
        return ticket.result()

    def _lead(self) -> None:
        """Write down all that wait, and call the next leader."""
        with self._lock:
            batch = self._waiting[:_MOST]
            del self._waiting[:_MOST]
        try:
            self._write(batch)
        finally:
            with self._lock:
                heirs = self._waiting[:1]
                self._writing = bool(heirs)
                self._expected = len(batch) + len(self._waiting)
                self._gathered.clear()
            for heir in heirs:
                heir.leads = True
            for ticket in (*heirs, *batch):
                ticket.gate.release()

    def _write(self, batch: Sequence["_Ticket"]) -> None:
        try:
            rows = operations.submit_all(
                self._db, [ticket.request for ticket in batch]
            )
        except Exception as error:  # noqa: BLE001 (raised by `result`)
            if len(batch) > 1 and not _concerns_all(error):
                # One of them cannot be written: not the others' fault.
                for ticket in batch:
                    self._write([ticket])
                return
            for ticket in batch:
                ticket.error = error
        else:
            for ticket, row in zip(batch, rows, strict=True):
                if isinstance(row, exception.TooManyOperations):
                    ticket.error = row
                else:
                    ticket.row = row


class _Ticket:
    """A request, and what became of it."""

    def __init__(self, request: operations.Request):
        self.request = request
        # Cheaper than an event, and there is one for each request.
        self.gate = threading.Lock()
        self.gate.acquire()
        self.leads = False
        self.row: models.Operation | None = None
        self.error: Exception | None = None

    def result(self) -> models.Operation:
        """Give the operation that covers the request."""
        if self.row is not None:
            return self.row
        if self.error is not None and not _concerns_all(self.error):
            raise self.error
        raise exception.DatabaseUnavailable(
            "The database cannot be reached; nothing was changed. "
            "Try again later",
            retry_after=5,
        ) from self.error


def _concerns_all(error: Exception) -> bool:
    return isinstance(error, exception.DatabaseUnavailable)
