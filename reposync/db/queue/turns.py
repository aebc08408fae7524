# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is.

Each operation waits in a lane: what one project's callers ask for, what
webhooks tell it, or the parts of one synchronisation.  The lanes take turns
in the order of their names, round and round; within a lane, whatever may
begin for the longest time is first.  So ten thousand operations of one lane
hold up the first one of another by one claim, and not by ten thousand.

Whoever claims remembers which lane had its turn last.  There is nothing to
agree on with others: where each goes round, all together do.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from reposync.db.connection import clock
from reposync.db.models import Operation

_Now = sa.ColumnElement[int]


def waiting(now: _Now) -> sa.ColumnElement[bool]:
    """Match what waits and may begin."""
    return sa.and_(Operation.state == "queued", Operation.not_before <= now)


def abandoned(now: _Now) -> sa.ColumnElement[bool]:
    """Match what a conductor has begun that gives no sign of life."""
    return sa.and_(Operation.state == "running", Operation.lease_until < now)


def _round(place: int, *which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Choose some operations: those that come first by their lanes.

    In the order of an index, or all that waits would be sorted.
    """
    some = (
        sa.select(
            Operation.id,
            Operation.attempt,
            Operation.lane,
            Operation.not_before,
            sa.literal_column(str(place), sa.Integer).label("place"),
        )
        .where(*which)
        .order_by(Operation.lane, Operation.not_before)
        .limit(sa.bindparam("most", type_=sa.Integer))
    )
    return sa.select(some.subquery())


def _candidates() -> sa.Select[Any]:
    now = clock.began_ms()
    other = orm.aliased(Operation)
    image_is_busy = sa.exists().where(other.running_key == Operation.image_key)
    free = sa.and_(waiting(now), ~image_is_busy)
    last = sa.bindparam("lane", type_=Operation.lane.type)
    found = sa.union_all(
        # They had their turn, and are few: as many as there were workers.
        _round(0, abandoned(now)),
        _round(1, free, Operation.lane > last),
        _round(2, free, Operation.lane <= last),
    ).subquery()
    return (
        sa.select(found.c.id, found.c.attempt)
        .order_by(found.c.place, found.c.lane, found.c.not_before, found.c.id)
        .limit(sa.bindparam("most", type_=sa.Integer))
    )


#: What could be claimed now, and the number of attempts so far.  ``lane`` is
#: the one that had its turn last, ``most`` is how many to list.  Made once:
#: to put it together takes longer than to run it.
CANDIDATES = _candidates()
