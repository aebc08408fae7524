# SPDX-License-Identifier: Apache-2.0
"""Forgets operations that ended long ago.

A synchronisation is forgotten as a whole: its parts first, in batches, and
then itself.  As long as one of them has not ended, or not long enough ago,
all of them stay.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from reposync.db import models
from reposync.db.connection import clock
from reposync.db.connection import session as db_session
from reposync.db.models import Operation


def count(db: db_session.Database, seconds: float) -> int:
    """Tell how many operations `purge` would delete.

    :param seconds: since their end, by the database's clock
    :raises DatabaseUnavailable: if the database stays away
    """
    old = _old(seconds)
    tops = sa.select(sa.func.count()).select_from(Operation).where(old)
    parts = (
        sa.select(sa.func.count())
        .select_from(Operation)
        .where(Operation.parent_id.in_(_ids(old)))
    )
    return db.read(
        lambda session: sum(
            session.scalar(each) or 0 for each in (tops, parts)
        )
    )


def purge(db: db_session.Database, seconds: float, limit: int) -> int:
    """Delete one batch of operations that ended long ago.

    Any number of processes may do so at a time.

    :param seconds: since their end, by the database's clock
    :param limit: of one batch
    :returns: how many this call deleted or found deleted; nothing is left
        to do when it is less than ``limit``
    :raises DatabaseUnavailable: if the database stays away
    """
    old = _old(seconds)
    parts = sa.select(Operation.id).where(Operation.parent_id.in_(_ids(old)))
    done = 0
    # The parts are gone before their whole is looked at.
    for chosen in (parts, _ids(old)):
        done += _delete(db, chosen.limit(limit - done))
        if done == limit:
            break
    return done


def _delete(db: db_session.Database, chosen: sa.Select[Any]) -> int:
    # Read, and deleted by id: MySQL refuses to do it at once.
    found = db.read(lambda session: session.scalars(chosen).all())
    if found:
        # In one order everywhere: two conductors do not lock crosswise.
        statement = sa.delete(Operation).where(
            Operation.id.in_(sorted(found)),
            Operation.state.in_(models.FINISHED),
        )
        db.write(lambda session: session.execute(statement))
    return len(found)


def _ids(chosen: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(Operation.id).where(chosen)


def _old(seconds: float) -> sa.ColumnElement[bool]:
    """Choose what ended long ago and is no part of anything."""
    before = clock.now_ms() - int(seconds * 1000)
    part = orm.aliased(Operation)
    young = sa.exists().where(
        part.parent_id == Operation.id,
        sa.or_(part.state.in_(models.UNFINISHED), part.finished_at >= before),
    )
    return sa.and_(
        Operation.parent_id.is_(None),
        Operation.state.in_(models.FINISHED),
        Operation.finished_at < before,
        # Implied, but there is an index.
        Operation.created_at < before,
        ~young,
    )
