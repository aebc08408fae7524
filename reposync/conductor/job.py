# SPDX-License-Identifier: Apache-2.0
"""One operation in the hands of one worker."""

import math
import threading
import time

from reposync import exception
from reposync.db.connection import session as db_session
from reposync.db.models import Operation
from reposync.db.queue import leases


class Job:
    """Keeps the lease of an operation, its progress and its stop signals.

    The worker calls :meth:`progress` for every piece it moves; the heart of
    the conductor calls :meth:`beat` once a second.

    :ivar operation: the row as it was when it was claimed
    :ivar lease: the right to work on it
    """

    def __init__(
        self,
        operation: Operation,
        owner: str,
        seconds: int,
        heartbeat: int,
        max_age: float = math.inf,
    ):
        """Begin with a lease that was just given.

        :param seconds: how long a lease lasts
        :param heartbeat: seconds between two signs of life
        :param max_age: seconds after the first attempt began that the work
            has to end
        """
        self.operation = operation
        self.lease = leases.Lease(operation.id, owner, operation.attempt)
        self._seconds = seconds
        self._heartbeat = heartbeat
        self._begun = self._beaten = time.monotonic()
        self._max_age = max_age
        # Claimed a moment ago, by the database's clock as both are.
        begun = operation.started_at or operation.updated_at
        self._end = (
            self._begun + max_age - (operation.updated_at - begun) / 1e3
        )
        self._lock = threading.Lock()
        self._progress: leases.Progress | None = None
        self._written: leases.Progress | None = None
        self._stop: exception.ReposyncError | None = None
        if operation.cancel_requested:
            self._stop = _cancelled()

    def progress(self, phase: str, done: int, total: int | None) -> None:
        """Note how far the work is, and end it if it has to end.

        :raises OperationCancelled: somebody cancelled it
        :raises StoppingService: this conductor stops
        :raises LeaseLost: another conductor may have taken it over
        """
        self._progress = (phase, done, total)
        self.check()

    @property
    def latest(self) -> leases.Progress | None:
        """How far the work is."""
        return self._progress

    @property
    def stopped_by(self) -> exception.ReposyncError | None:
        """Why the work has to end, if it has to."""
        return self._stop

    @property
    def age(self) -> float:
        """Seconds since it was claimed."""
        return time.monotonic() - self._begun

    @property
    def rest(self) -> float:
        """Seconds until it is too old."""
        return self._end - time.monotonic()

    def too_old(self, last: str | None) -> exception.TooManyAttempts:
        """Say that it has taken too long, and why.

        :param last: the last error, if one is known
        """
        return exception.TooManyAttempts(
            f"Not done {self._max_age:.0f} s after it was begun first. Last "
            f"error: {last or 'none known'}"
        )

    def check(self) -> None:
        """End the work if it has to end; raises as :meth:`progress`.

        :raises TooManyAttempts: it is too old
        """
        if self._stop is not None:
            raise self._stop
        if self.rest < 0:
            raise self.too_old(self.operation.error_message)
        if time.monotonic() > self._beaten + self._seconds:
            raise exception.LeaseLost(
                f"No sign of life of operation {self.operation.id} could be "
                f"written for {self._seconds} s"
            )

    def stop(self, reason: exception.ReposyncError) -> None:
        """End the work at its next piece."""
        self._stop = reason

    def beat(self, db: db_session.Database) -> None:
        """Give a sign of life if it is time for one or there is progress.

        :raises DatabaseUnavailable: it could not be written
        """
        now = time.monotonic()
        progress = self._progress
        due = now >= self._beaten + self._heartbeat
        if not due and progress == self._written:
            return
        # The worker may be at it, and wait for the database for long; the
        # heart beats for others, too.
        if self._lock.acquire(blocking=False):
            try:
                self._extend(db, progress)
            finally:
                self._lock.release()

    def confirm(self, db: db_session.Database) -> None:
        """Make sure that the operation is still ours, before it counts.

        :raises LeaseLost: it is not
        :raises OperationCancelled: somebody cancelled it
        :raises DatabaseUnavailable: nobody can tell
        """
        self.check()
        with self._lock:
            self._extend(db, self._progress)
        self.check()

    def _extend(
        self,
        db: db_session.Database,
        progress: leases.Progress | None,
    ) -> None:
        # Counted from before the write: the row's lease is never shorter
        # than what is believed here.
        begun = time.monotonic()
        try:
            cancelled = leases.extend(db, self.lease, self._seconds, progress)
        except exception.LeaseLost as error:
            self.stop(error)
            return
        self._beaten = begun
        self._written = progress
        if cancelled:
            self.stop(_cancelled())


def _cancelled() -> exception.OperationCancelled:
    return exception.OperationCancelled("Cancelled on request")
