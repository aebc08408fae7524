# SPDX-License-Identifier: Apache-2.0
"""Who is to be told how an operation ended."""

import dataclasses

import sqlalchemy as sa
from sqlalchemy import orm

from reposync.db import models
from reposync.db.connection import clock
from reposync.db.connection import session as db_session
from reposync.db.models import Callback
from reposync.db.models import Operation


@dataclasses.dataclass(frozen=True, slots=True)
class Due:
    """A call that may be made now.

    :ivar attempt: how many were made before
    """

    id: str
    url: str
    attempt: int
    operation: Operation


def due(db: db_session.Database, limit: int = 16) -> list[Due]:
    """List calls whose operation has ended and whose time has come."""
    statement = (
        sa.select(Callback, Operation)
        .join(Operation, Operation.id == Callback.operation_id)
        .where(Operation.state.in_(models.FINISHED))
        .where(Callback.not_before <= clock.now_ms())
        .order_by(Callback.not_before, Callback.id)
        .limit(limit)
    )

    def work(session: orm.Session) -> list[Due]:
        return [
            Due(row.id, row.url, row.attempt, operation)
            for row, operation in session.execute(statement)
        ]

    return db.read(work)


def take(db: db_session.Database, wanted: Due, seconds: float) -> bool:
    """Take the right to make a call, by compare-and-swap.

    :param seconds: after which somebody may make the next one, if this one
        is not done by then
    :returns: False if another conductor was quicker
    """
    now = clock.now_ms()
    statement = (
        sa.update(Callback)
        .where(
            Callback.id == wanted.id,
            Callback.attempt == wanted.attempt,
            Callback.not_before <= now,
        )
        .values(
            attempt=wanted.attempt + 1, not_before=now + int(seconds * 1000)
        )
    )
    return bool(
        db.write(lambda session: db_session.changed(session, statement))
    )


def done(db: db_session.Database, callback_id: str) -> None:
    """Forget a call: it was made, or is given up."""
    statement = sa.delete(Callback).where(Callback.id == callback_id)
    db.write(lambda session: session.execute(statement))
