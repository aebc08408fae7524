# SPDX-License-Identifier: Apache-2.0
"""How many events of webhooks came to what, in all processes of the API."""

from collections.abc import Mapping

from oslo_db import exception as db_exception
import sqlalchemy as sa
from sqlalchemy import orm

from reposync import exception
from reposync.db import models
from reposync.db.connection import session as db_session

_TRIES = 10

#: Numbers by receiver and what became of the events.
Counts = Mapping[tuple[str, str], int]


def add(db: db_session.Database, counts: Counts) -> None:
    """Add to what was counted before.

    :raises DatabaseUnavailable: nothing was added
    """
    for _ in range(_TRIES):
        try:
            db.write(lambda session: _add(session, counts))
        except db_exception.DBDuplicateEntry:
            # Another process was the first to count this.
            continue
        return
    raise exception.DatabaseUnavailable(
        "Webhooks are being counted too often at once"
    )


def read(db: db_session.Database) -> Counts:
    """Give all numbers.

    :raises DatabaseUnavailable: if the database stays away
    """
    statement = sa.select(models.Tally)
    rows = db.read(lambda session: list(session.scalars(statement)))
    return {(row.receiver, row.result): row.number for row in rows}


def _add(session: orm.Session, counts: Counts) -> None:
    # In one order everywhere: no two transactions wait for each other.
    for (receiver, result), number in sorted(counts.items()):
        table = models.Tally
        statement = (
            sa.update(table)
            .where(table.receiver == receiver, table.result == result)
            .values(number=table.number + number)
        )
        if not db_session.changed(session, statement):
            session.execute(
                sa.insert(table).values(
                    receiver=receiver, result=result, number=number
                )
            )
