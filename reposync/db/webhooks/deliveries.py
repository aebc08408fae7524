# SPDX-License-Identifier: Apache-2.0
"""Deliveries of webhooks: one that is repeated makes nothing.

The delivery and the operation are written in one transaction.  What could
not be written is not remembered, so the registry's next try counts.  So does
a delivery whose operation came to nothing: whoever sends it again wants what
it tells of.  That an operation was purged tells nothing of how it ended, so
such a delivery counts, too; at worst the registry is asked once more.

A body that somebody has overheard may be sent again under another id.  Where
it has nothing that is new for each event, nobody can tell that from the
registry sending it again, so it counts; but it changes nothing of what waits,
or it could keep an operation waiting for the digest of an old push for ever.
"""

import dataclasses
import hashlib

from oslo_db import exception as db_exception
from oslo_utils import uuidutils
import sqlalchemy as sa
from sqlalchemy import orm

from reposync import exception
from reposync.db import models
from reposync.db.connection import clock
from reposync.db.connection import session as db_session
from reposync.db.queue import operations

_TRIES = 10
_DAY = 24 * 3600 * 1000
#: States of an operation that still serves, or has served, a delivery.
_SERVED = (*models.UNFINISHED, "succeeded")


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """What came along with a request.

    :ivar key: 64 hex digits by which it is known when it comes again; None
        if it never is
    :ivar callback_url: who is to be told how the operation ended
    :ivar content: 64 hex digits that stand for what a signature covers; None
        if there is no signature
    """

    key: str | None = None
    callback_url: str | None = None
    content: str | None = None


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

    It counts anew if the operation that served it has failed, was cancelled
    or was purged.

    :returns: as `operations.submit`; None for a repeated delivery
    :raises DatabaseUnavailable: nothing was written
    """
    known = False

    def work(session: orm.Session) -> models.Operation | None:
        write = _write_again if known else _write
        return write(session, request, delivery)

    for _ in range(_TRIES):
        try:
            return db.write(work)
        except db_exception.DBDuplicateEntry:
            # The delivery is here already, or the same request is written by
            # somebody else; then the next round joins theirs.
            known = db.read(lambda session: _known(session, delivery))
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
    return _accept(session, request, delivery)


def _write_again(
    session: orm.Session, request: operations.Request, delivery: Delivery
) -> models.Operation | None:
    """Write down a delivery that is known, if its operation has failed."""
    table = models.Delivery
    mine = table.key == delivery.key
    # First: of several that come at once only one finds the failed operation.
    db_session.changed(
        session, sa.update(table).where(mine).values(key=table.key)
    )
    serves = (
        sa.select(models.Operation.id)
        .join(table, table.operation_id == models.Operation.id)
        .where(mine, models.Operation.state.in_(_SERVED))
    )
    if session.scalar(serves) is not None:
        return None
    return _accept(session, request, delivery)


def _accept(
    session: orm.Session, request: operations.Request, delivery: Delivery
) -> models.Operation:
    operation = _join_or_add(session, request, delivery)
    if delivery.key:
        db_session.changed(
            session,
            sa.update(models.Delivery)
            .where(models.Delivery.key == delivery.key)
            .values(operation_id=operation.id, created_at=clock.now_ms()),
        )
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


def _join_or_add(
    session: orm.Session, request: operations.Request, delivery: Delivery
) -> models.Operation:
    """Join or make the operation; old news is told to a new one alone."""
    told = request.announced
    if told is None or not _is_old(session, delivery):
        return operations.join_or_add(session, request)
    silent = dataclasses.replace(request, announced=None, told=True)
    operation = operations.join_or_add(session, silent)
    if operation.settle_until is None:
        operation.announced_digest = told.digest
        operation.settle_until = operation.created_at + int(
            told.seconds * 1000
        )
        session.flush()
    return operation


def _is_old(session: orm.Session, delivery: Delivery) -> bool:
    """Tell whether the content was here before, and remember it."""
    if delivery.content is None:
        return False
    if session.get(models.Delivery, delivery.content) is not None:
        return True
    session.add(
        models.Delivery(key=delivery.content, created_at=clock.now_ms())
    )
    session.flush()
    return False


def _known(session: orm.Session, delivery: Delivery) -> bool:
    if delivery.key is None:
        return False
    return session.get(models.Delivery, delivery.key) is not None
