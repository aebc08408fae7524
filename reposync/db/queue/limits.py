# SPDX-License-Identifier: Apache-2.0
"""How many operations may wait."""

from collections import Counter
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import orm

from reposync import exception
from reposync.db.models import Operation

#: Seconds after which whoever was refused may ask again.
_RETRY_AFTER = 30


def refuse(
    session: orm.Session, wanted: Mapping[str, tuple[str, int | None]]
) -> dict[str, exception.TooManyOperations]:
    """Choose those that would be too many.

    Transactions that go on at the same time are not seen, so a few may be
    over.

    :param wanted: for each new operation its lane, and how many may wait
        there; None for any number
    :returns: the refusals, by the same keys
    """
    waiting: Counter[str] = Counter()
    refused = {}
    for key, (lane, most) in wanted.items():
        if most is None:
            continue
        if lane not in waiting:
            waiting[lane] = _count(session, lane, most)
        if waiting[lane] < most:
            waiting[lane] += 1
        else:
            refused[key] = _refusal(most)
    return refused


def _count(session: orm.Session, lane: str, most: int) -> int:
    """Count what waits in a lane, no further than needed."""
    some = (
        sa.select(Operation.lane)
        .where(Operation.state == "queued", Operation.lane == lane)
        .limit(most)
        .subquery()
    )
    counted = session.scalar(sa.select(sa.func.count()).select_from(some))
    return int(counted or 0)


def _refusal(most: int) -> exception.TooManyOperations:
    return exception.TooManyOperations(
        f"{most} operations of this project wait, and no more may. Try again "
        "when some of them have begun, or cancel some",
        retry_after=_RETRY_AFTER,
    )
