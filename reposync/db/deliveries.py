# SPDX-License-Identifier: Apache-2.0
"""Deliveries of webhooks: one that comes again makes nothing.

The delivery and the operation are written in one transaction.  What could
not be written is not remembered, so the registry's next try counts.
"""

import dataclasses
import hashlib

from oslo_db import exception as db_exception
from oslo_utils import uuidutils
import sqlalchemy as sa
from sqlalchemy import orm

from reposync import exception
from reposync.db import clock
from reposync.db import models
from reposync.db import operations
from reposync.db import session as db_session

_TRIES = 10
_DAY = 24 * 3600 * 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """What came along with a request.

    :ivar key: 64 hex digits by which it is known when it comes again; None
        if it never is
    :ivar callback_url: who is to be told how the operation ended
    """

    key: str | None = None
    callback_url: str | None = None


def key(*parts: str) -> str:
    """Make the key of a delivery."""
    text = "\n".join(repr(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()


def submit(
    db: db_session.Database,
    request: operations.Request,
    delivery: Delivery,
) -> models.Operation | None:
    """Write down what is asked for, unless the delivery was here before.

    :returns: as `operations.submit`; None for a delivery that comes again
    :raises DatabaseUnavailable: nothing was written
    """
    for _ in range(_TRIES):
        try:
            return db.write(lambda session: _write(session, request, delivery))
        except db_exception.DBDuplicateEntry:
            if db.read(lambda session: _known(session, delivery)):
                return None
            # The same request is written by somebody else: the next round
            # joins theirs.
    raise exception.DatabaseUnavailable(
        "The same request is being written too often at once. Try again"
    )


def purge(db: db_session.Database, days: int, most: int) -> None:
    """Forget old deliveries.

    :param days: how old they may become
    :param most: how many may be left, the newest
    """
    table = models.Delivery
    newest = (
        sa.select(table.created_at)
        .order_by(table.created_at.desc())
        .offset(most)
        .limit(1)
    )
    limit = db.read(lambda session: session.scalar(newest))
    old = table.created_at < clock.now_ms() - days * _DAY
    if limit is not None:
        old = sa.or_(old, table.created_at <= limit)
    statement = sa.delete(table).where(old)
    db.write(lambda session: session.execute(statement))


def _write(
    session: orm.Session, request: operations.Request, delivery: Delivery
) -> models.Operation:
    if delivery.key:
        # First: another one that writes the same delivery is waited for.
        session.execute(
            sa.insert(models.Delivery).values(
                key=delivery.key, created_at=clock.now_ms()
            )
        )
    operation = operations.join_or_add(session, request)
    if delivery.callback_url:
        session.add(
            models.Callback(
                id=uuidutils.generate_uuid(),
                operation_id=operation.id,
                url=delivery.callback_url,
                attempt=0,
                not_before=operation.created_at,
            )
        )
        session.flush()
    return operation


def _known(session: orm.Session, delivery: Delivery) -> bool:
    if delivery.key is None:
        return False
    return session.get(models.Delivery, delivery.key) is not None
