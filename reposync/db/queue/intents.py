# SPDX-License-Identifier: Apache-2.0
"""What attempts have begun, to be removed if they die.

A trace is written down before the thing it names is made, and forgotten when
that thing is gone or has become what everybody sees.
"""

from oslo_utils import uuidutils
import sqlalchemy as sa
from sqlalchemy import orm

from reposync.db.connection import clock
from reposync.db.connection import session as db_session
from reposync.db.models import Operation
from reposync.db.models import Trace
from reposync.db.queue import leases

#: Where catalogues' traces are; other places are the names of sources.
CATALOGUE = "catalogue"


def add(
    db: db_session.Database,
    lease: leases.Lease,
    place: str,
    name: str,
    host: str | None = None,
) -> None:
    """Write down what is about to be made.

    :param place: `CATALOGUE`, or the name of a source
    :param host: the only host that reaches it; None if all do
    :raises LeaseLost: the operation belongs to another worker now
    """

    def work(session: orm.Session) -> None:
        now = clock.now_ms()
        leases.fenced(session, lease, {"updated_at": now})
        session.add(
            Trace(
                id=uuidutils.generate_uuid(),
                operation_id=lease.operation_id,
                attempt=lease.attempt,
                owner=lease.owner,
                image_key=session.scalar(_key_of(lease)),
                place=place,
                host=host,
                name=name,
                created_at=session.scalar(sa.select(now)),
            )
        )

    db.write(work)


def of_dead(
    db: db_session.Database, host: str, limit: int, after: str = ""
) -> list[Trace]:
    """List what is left at images nobody works on now.

    :param host: where the caller is
    :param after: id of the last one of the page before
    """
    busy = sa.exists().where(Operation.running_key == Trace.image_key)
    statement = (
        _reached(host)
        .where(~busy, Trace.id > after)
        .order_by(Trace.id)
        .limit(limit)
    )
    return db.read(lambda session: list(session.scalars(statement)))


def of_others(
    db: db_session.Database, lease: leases.Lease, host: str
) -> list[Trace]:
    """List what other attempts left at the image of an operation.

    No other one for this image runs, so they are over, or dead.
    """
    statement = _reached(host).where(
        Trace.image_key == _key_of(lease).scalar_subquery(), ~_own(lease)
    )
    return db.read(lambda session: list(session.scalars(statement)))


def of_attempt(db: db_session.Database, lease: leases.Lease) -> list[Trace]:
    """List what an attempt itself has begun."""
    statement = sa.select(Trace).where(_own(lease))
    return db.read(lambda session: list(session.scalars(statement)))


def forget(db: db_session.Database, trace: Trace, seconds: int = 0) -> None:
    """Note that there is nothing to remove.

    :param seconds: only if it was begun so long ago
    """
    statement = sa.delete(Trace).where(
        Trace.id == trace.id,
        Trace.created_at <= clock.now_ms() - seconds * 1000,
    )
    db.write(lambda session: session.execute(statement))


def _key_of(lease: leases.Lease) -> sa.Select[str]:
    return sa.select(Operation.image_key).where(
        Operation.id == lease.operation_id
    )


def _own(lease: leases.Lease) -> sa.ColumnElement[bool]:
    return sa.and_(
        Trace.operation_id == lease.operation_id,
        Trace.attempt == lease.attempt,
        Trace.owner == lease.owner,
    )


def _reached(host: str) -> sa.Select[Trace]:
    return sa.select(Trace).where(
        sa.or_(Trace.host.is_(None), Trace.host == host)
    )
