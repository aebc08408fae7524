# SPDX-License-Identifier: Apache-2.0
"""Operations in numbers."""

import dataclasses

import sqlalchemy as sa
from sqlalchemy import orm

from reposync.db import models
from reposync.db.connection import clock
from reposync.db.connection import session as db_session
from reposync.db.models import Operation


@dataclasses.dataclass(frozen=True, slots=True)
class Queue:
    """What has not ended.

    :ivar counts: number of operations by kind and state, nought included
    :ivar oldest: seconds since the longest waiting one was asked for; 0 if
        none waits
    """

    counts: dict[tuple[str, str], int]
    oldest: float


def queue(db: db_session.Database) -> Queue:
    """Look at what waits and runs.

    :raises DatabaseUnavailable: if the database stays away
    """
    grouped = (
        sa.select(Operation.kind, Operation.state, sa.func.count())
        .where(Operation.state.in_(models.UNFINISHED))
        .group_by(Operation.kind, Operation.state)
    )
    waited = sa.select(
        clock.now_ms() - sa.func.min(Operation.created_at)
    ).where(Operation.state == "queued")

    def work(session: orm.Session) -> Queue:
        counts = {
            (kind, state): 0
            for kind in models.KINDS
            for state in models.UNFINISHED
        }
        for kind, state, number in session.execute(grouped):
            counts[kind, state] = number
        oldest = session.scalar(waited) or 0
        return Queue(counts, max(0.0, float(oldest) / 1000))

    return db.read(work)
