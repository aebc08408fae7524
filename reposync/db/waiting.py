# SPDX-License-Identifier: Apache-2.0
"""When operations that wait may begin."""

import sqlalchemy as sa
from sqlalchemy import orm

from reposync.db import clock
from reposync.db import operations
from reposync.db import session as db_session
from reposync.db.models import Operation


def hold(session: orm.Session, ended_id: str, seconds: float) -> None:
    """Let the follow-up of an operation that has just ended wait a little.

    What is asked for meanwhile joins it.

    :param ended_id: the operation that has ended
    """
    ended = session.get(Operation, ended_id)
    if ended is None:
        return
    until = clock.now_ms() + int(seconds * 1000)
    statement = (
        sa.update(Operation)
        .where(Operation.pending_key == operations.pending_key(ended))
        .where(Operation.not_before < until)
        .values(not_before=until)
    )
    db_session.changed(session, statement)


def seconds_to_next(db: db_session.Database, most: float) -> float:
    """Tell how long it is until the next operation may begin.

    Those that may begin already do not count: whoever asks could not take
    them.

    :param most: an upper bound, given also where none waits
    """
    now = clock.now_ms()
    statement = sa.select(sa.func.min(Operation.not_before) - now).where(
        Operation.state == "queued", Operation.not_before > now
    )
    found = db.read(lambda session: session.scalar(statement))
    return most if found is None else min(max(found, 0) / 1000, most)
