# SPDX-License-Identifier: Apache-2.0
"""Operations as a conductor handles them: claim, keep, end.

Every write after the claim names the owner and the attempt.  A conductor
that was frozen for longer than its lease finds nothing to write to and
stops: it cannot harm the one that took over.
"""

from collections.abc import Mapping
import dataclasses
from typing import Any

from oslo_db import exception as db_exception
import sqlalchemy as sa
from sqlalchemy import orm

from reposync import exception
from reposync.db.connection import clock
from reposync.db.connection import session as db_session
from reposync.db.connection import storable
from reposync.db.models import Operation
from reposync.db.queue import operations
from reposync.db.queue import turns

_RELEASED: dict[str, Any] = {
    "owner": None,
    "lease_until": None,
    "running_key": None,
    "pending_key": None,
}

#: Phase, bytes done, bytes in all or None.
Progress = tuple[str, int, int | None]


@dataclasses.dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on an operation for some time.

    :ivar owner: which worker of which conductor, unique per start
    :ivar attempt: the number of this claim, counted from 1
    """

    operation_id: str
    owner: str
    attempt: int


def candidates(
    db: db_session.Database, most: int, lane: str = ""
) -> list[tuple[str, int]]:
    """List what could be claimed now, whose turn it is first; see `turns`.

    :param lane: the one that had its turn last
    :returns: pairs of operation id and number of attempts so far
    """
    values = {"most": most, "lane": lane}
    rows = db.read(
        lambda session: session.execute(turns.CANDIDATES, values).all()
    )
    return [(row.id, row.attempt) for row in rows]


def claim(
    db: db_session.Database,
    operation_id: str,
    attempt: int,
    owner: str,
    seconds: int,
) -> Operation | None:
    """Take an operation, by compare-and-swap.

    The same statement takes a waiting one for the first time and one whose
    conductor gave no sign of life for too long.

    :param attempt: the number of attempts when it was seen
    :param seconds: how long the lease lasts without a sign of life
    :returns: the operation, or None if another worker was quicker or works
        on the same image
    """
    lease = Lease(operation_id, owner, attempt + 1)

    def work(session: orm.Session) -> Operation | None:
        if not db_session.changed(session, _claim(lease)):
            return None
        # With the row in hand: PostgreSQL reads the clock before it waits
        # for one that is locked, and such a lease may have run out when the
        # wait is over.
        fenced(session, lease, {"lease_until": _until(seconds)})
        return session.get(Operation, operation_id)

    try:
        return db.write(work)
    except db_exception.DBDuplicateEntry:
        return None


def extend(
    db: db_session.Database,
    lease: Lease,
    seconds: int,
    progress: Progress | None = None,
) -> bool:
    """Give a sign of life, with the progress if there is any.

    :param progress: phase, bytes done, bytes in all
    :returns: whether somebody asked for the operation to be cancelled
    :raises LeaseLost: the operation belongs to another worker now
    """
    values: dict[str, Any] = {
        "lease_until": _until(seconds),
        "updated_at": clock.now_ms(),
    }
    if progress is not None:
        values |= _progress_values(progress)

    def work(session: orm.Session) -> bool:
        fenced(session, lease, values)
        wanted = sa.select(Operation.cancel_requested)
        return bool(
            session.scalar(wanted.where(Operation.id == lease.operation_id))
        )

    return db.write(work)


def finish(
    db: db_session.Database,
    lease: Lease,
    state: str,
    *,
    outcome: str | None = None,
    image: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    error: exception.ReposyncError | None = None,
) -> None:
    """End an operation.

    :param state: ``succeeded``, ``failed`` or ``cancelled``
    :param progress: how far the work went
    :raises LeaseLost: the operation belongs to another worker now
    """
    now = clock.now_ms()
    values: dict[str, Any] = _RELEASED | {
        "state": state,
        "outcome": outcome,
        "finished_at": now,
        "updated_at": now,
    }
    values |= _error_values(error)
    if image is not None:
        values |= {"image": dict(image), "image_id": image["id"]}
    if progress is not None:
        values |= _progress_values(progress)
    db.write(lambda session: fenced(session, lease, values))


def give_back(
    db: db_session.Database,
    lease: Lease,
    seconds: float,
    *,
    error: exception.ReposyncError | None = None,
    count: bool = True,
) -> None:
    """Put an operation back into the queue.

    :param seconds: how long it shall wait there at least
    :param error: why, for whoever looks at it meanwhile
    :param count: False if the attempt was no fault of the operation's
    :raises LeaseLost: the operation belongs to another worker now
    """

    def work(session: orm.Session, join: bool) -> None:
        operation = session.get(Operation, lease.operation_id)
        if operation is None:
            raise _lost(lease)
        key = operations.pending_key(operation) if join else None
        now = clock.now_ms()
        values = {
            "state": "queued",
            "pending_key": key,
            "attempt": lease.attempt - (not count),
            "not_before": now + int(seconds * 1000),
            "updated_at": now,
        }
        fenced(session, lease, _RELEASED | values | _error_values(error))
        # Asked for after the last sign of life; nobody else would see it.
        operations.cancel_chosen(
            session,
            sa.and_(
                Operation.id == lease.operation_id,
                Operation.cancel_requested.is_(True),
            ),
        )

    try:
        db.write(lambda session: work(session, True))
    except db_exception.DBDuplicateEntry:
        # The same request came in again meanwhile and waits already; both
        # are served, one after the other.
        db.write(lambda session: work(session, False))


def owned(db: db_session.Database, prefix: str) -> list[Lease]:
    """List what workers hold whose names begin in the same way."""
    statement = sa.select(Operation).where(
        Operation.state == "running",
        Operation.owner.startswith(prefix, autoescape=True),
    )
    found = db.read(lambda session: list(session.scalars(statement)))
    return [Lease(row.id, row.owner or "", row.attempt) for row in found]


def _claim(lease: Lease) -> sa.Update:
    now = clock.now_ms()
    return (
        sa.update(Operation)
        .where(Operation.id == lease.operation_id)
        .where(Operation.attempt == lease.attempt - 1)
        .where(sa.or_(turns.waiting(now), turns.abandoned(now)))
        .values(
            state="running",
            owner=lease.owner,
            attempt=lease.attempt,
            pending_key=None,
            running_key=Operation.image_key,
            started_at=sa.func.coalesce(Operation.started_at, now),
            updated_at=now,
            phase=None,
            bytes_done=0,
            bytes_total=None,
        )
    )


def _until(seconds: int) -> sa.ColumnElement[int]:
    return clock.now_ms() + seconds * 1000


def _error_values(error: exception.ReposyncError | None) -> dict[str, Any]:
    return {
        "error_code": error.code if error else None,
        "error_message": storable.text(error.message) if error else None,
    }


def _progress_values(progress: Progress) -> dict[str, Any]:
    phase, done, total = progress
    return {
        "phase": phase,
        "bytes_done": storable.number(done),
        "bytes_total": None if total is None else storable.number(total),
    }


def fenced(
    session: orm.Session, lease: Lease, values: Mapping[str, Any]
) -> None:
    """Write to an operation if it is still ours.

    :raises LeaseLost: the operation belongs to another worker now
    """
    statement = (
        sa.update(Operation)
        .where(
            Operation.id == lease.operation_id,
            Operation.owner == lease.owner,
            Operation.attempt == lease.attempt,
            Operation.state == "running",
        )
        .values(**values)
    )
    if not db_session.changed(session, statement):
        raise _lost(lease)


def _lost(lease: Lease) -> exception.LeaseLost:
    return exception.LeaseLost(
        f"Operation {lease.operation_id} is no longer ours "
        f"(attempt {lease.attempt})"
    )
