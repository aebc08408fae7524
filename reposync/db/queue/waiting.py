# SPDX-License-Identifier: Apache-2.0
"""When operations that wait may begin."""

import sqlalchemy as sa

from reposync import exception
from reposync.db.connection import clock
from reposync.db.connection import session as db_session
from reposync.db.models import Operation


def seconds_to_next(db: db_session.Database, most: float) -> float:
    """Tell how long it is until the next operation may begin.

    Those that may begin already do not count: whoever asks could not take
    them.

    :param most: an upper bound, given also where none waits
    """
    now = clock.began_ms()
    statement = sa.select(sa.func.min(Operation.not_before) - now).where(
        Operation.state == "queued", Operation.not_before > now
    )
    found = db.read(lambda session: session.scalar(statement))
    return most if found is None else min(max(found, 0) / 1000, most)


def hurry(db: db_session.Database, operation_id: str) -> bool:
    """Let an operation that waits after a failure begin at once.

    Not one that a registry asked to wait: nobody may override that.

    :returns: whether it waited for anything
    :raises DatabaseUnavailable: nothing was changed
    """
    now = clock.now_ms()
    statement = (
        sa.update(Operation)
        .where(
            Operation.id == operation_id,
            Operation.state == "queued",
            Operation.not_before > now,
            Operation.error_code != exception.RateLimited.code,
        )
        .values(not_before=now, updated_at=now)
    )
    return bool(
        db.write(lambda session: db_session.changed(session, statement))
    )
