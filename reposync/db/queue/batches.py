# SPDX-License-Identifier: Apache-2.0
"""Synchronisations and their parts.

A sync is a parent of pulls.  Once its children are written down nobody works
on it any more: it is running without an owner until all of them have ended,
and whoever ends the last one ends the parent.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from oslo_utils import uuidutils
import sqlalchemy as sa
from sqlalchemy import orm

from reposync import exception
from reposync.db import models
from reposync.db.connection import clock
from reposync.db.connection import session as db_session
from reposync.db.connection import storable
from reposync.db.models import Operation
from reposync.db.queue import leases
from reposync.db.queue import operations


def children(db: db_session.Database, parent_id: str) -> set[str]:
    """Tell which references are parts of a synchronisation already."""
    statement = sa.select(Operation.reference).where(
        Operation.parent_id == parent_id
    )
    found = db.read(lambda session: session.scalars(statement).all())
    return {name for name in found if name is not None}


def add_failed(
    db: db_session.Database,
    request: operations.Request,
    error: exception.ReposyncError,
) -> None:
    """Write down a part that failed before it could begin."""

    def work(session: orm.Session) -> None:
        now = session.scalar(sa.select(clock.now_ms()))
        session.add(
            Operation(
                id=uuidutils.generate_uuid(),
                kind=request.kind,
                state="failed",
                reference=request.reference,
                image_key=request.image_key,
                error_code=error.code,
                error_message=storable.text(error.message),
                project_id=request.project_id,
                user_id=request.user_id,
                request_id=request.request_id,
                parent_id=request.parent_id,
                not_before=now,
                created_at=now,
                started_at=now,
                finished_at=now,
                updated_at=now,
            )
        )

    db.write(work)


def add_unchanged(
    db: db_session.Database,
    parts: Sequence[tuple[operations.Request, Mapping[str, Any]]],
) -> None:
    """Write down parts that ended without work, all at once.

    :param parts: what was asked for, and the image as the catalogue has it
    """

    def work(session: orm.Session) -> None:
        now = session.scalar(sa.select(clock.now_ms()))
        rows = [
            {
                "id": uuidutils.generate_uuid(),
                "kind": request.kind,
                "state": "succeeded",
                "outcome": "unchanged",
                "reference": request.reference,
                "image_key": request.image_key,
                "image_id": image["id"],
                "image": dict(image),
                "attempt": 1,
                "project_id": request.project_id,
                "user_id": request.user_id,
                "request_id": request.request_id,
                "parent_id": request.parent_id,
                "not_before": now,
                "created_at": now,
                "started_at": now,
                "finished_at": now,
                "updated_at": now,
            }
            for request, image in parts
        ]
        # Past the session, which would look at each of them again.
        session.connection().execute(sa.insert(Operation), rows)

    if parts:
        db.write(work)


def leave_to_children(db: db_session.Database, lease: leases.Lease) -> None:
    """Let a synchronisation wait for its parts without a worker.

    It keeps its key: the next one begins when this one has ended.

    :raises LeaseLost: the operation belongs to another worker now
    """
    values = {"owner": None, "lease_until": None}
    db.write(lambda session: leases.fenced(session, lease, values))


def settle(db: db_session.Database) -> list[str]:
    """End the synchronisations whose parts have all ended.

    :returns: ids of those ended by this call
    """
    child = orm.aliased(Operation)
    unfinished = sa.exists().where(
        child.parent_id == Operation.id,
        child.state.in_(models.UNFINISHED),
    )
    statement = sa.select(Operation.id).where(
        Operation.kind == "sync",
        Operation.state == "running",
        Operation.owner.is_(None),
        ~unfinished,
    )
    waiting = db.read(lambda session: session.scalars(statement).all())
    return [parent for parent in waiting if _end(db, parent)]


def _end(db: db_session.Database, parent_id: str) -> bool:
    tally = operations.counts(db, [parent_id]).get(parent_id, {})
    failed, total = tally.get("failed", 0), tally.get("total", 0)
    cancelled = tally.get("cancelled", 0)
    state, code, message = "succeeded", None, None
    if failed:
        state, code = "failed", "children_failed"
        message = f"{failed} of {total} images failed"
    elif cancelled:
        state, code = "cancelled", "operation_cancelled"
        message = f"{cancelled} of {total} images were cancelled"
    statement = (
        sa.update(Operation)
        .where(
            Operation.id == parent_id,
            Operation.state == "running",
            Operation.owner.is_(None),
        )
        .values(
            state=state,
            running_key=None,
            error_code=code,
            error_message=message,
            finished_at=clock.now_ms(),
            updated_at=clock.now_ms(),
        )
    )
    return bool(
        db.write(lambda session: db_session.changed(session, statement))
    )
