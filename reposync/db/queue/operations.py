# SPDX-License-Identifier: Apache-2.0
"""Operations as callers see them: submit, read, cancel."""

from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses

from oslo_db import exception as db_exception
import sqlalchemy as sa
from sqlalchemy import orm

from reposync import exception
from reposync.db import models
from reposync.db.connection import clock
from reposync.db.connection import session as db_session
from reposync.db.models import Operation
from reposync.db.queue import deduplication
from reposync.db.queue.request import columns
from reposync.db.queue.request import pending_key
from reposync.db.queue.request import Request

_TRIES = 10


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    """Which operations to list; None chooses all of a kind.

    :ivar project_id: only this project's; None for all projects
    :ivar limit: how many at the most
    :ivar marker: id of the operation after which the list goes on
    """

    project_id: str | None = None
    state: str | None = None
    kind: str | None = None
    reference: str | None = None
    parent_id: str | None = None
    limit: int = 100
    marker: str | None = None


def submit(db: db_session.Database, request: Request) -> Operation:
    """Write down what is asked for, or meet the same request waiting.

    :returns: the new operation, or the waiting one of the same project and
        image: it has not looked at the registry yet, so it serves both
    :raises TooManyOperations: as many wait as the request allows
    :raises DatabaseUnavailable: nothing was written
    """
    return _accepted(submit_all(db, [request])[0])


def submit_all(
    db: db_session.Database, requests: Sequence[Request]
) -> list[deduplication.Outcome]:
    """Write down several requests in one transaction; see `submit`.

    :returns: the operation of each request, in their order, or why there is
        none
    :raises DatabaseUnavailable: nothing was written
    """
    for _ in range(_TRIES):
        try:
            return db.write(lambda session: _submit_all(session, requests))
        except db_exception.DBDuplicateEntry:
            # Somebody else was first; the next round joins theirs.
            continue
    raise exception.DatabaseUnavailable(
        "The same request is being written too often at once. Try again"
    )


def get(
    db: db_session.Database, operation_id: str, project_id: str | None = None
) -> Operation:
    """Read one operation.

    :param project_id: only if it is this project's; None for any
    :raises OperationNotFound: there is none
    """
    return db.read(lambda session: _get(session, operation_id, project_id))


def find(db: db_session.Database, query: Query) -> list[Operation]:
    """List operations, newest first.

    :raises OperationNotFound: the marker is unknown
    """
    return db.read(lambda session: _find(session, query))


def finished_children(
    db: db_session.Database, parent_id: str, since: int
) -> list[Operation]:
    """List the parts of a synchronisation that have ended.

    :param since: milliseconds; those that ended at this time or later
    """
    statement = (
        sa.select(Operation)
        .where(Operation.parent_id == parent_id)
        .where(Operation.state.in_(models.FINISHED))
        .where(Operation.finished_at >= since)
        .order_by(Operation.finished_at, Operation.id)
    )
    return db.read(lambda session: list(session.scalars(statement)))


def counts(
    db: db_session.Database, parent_ids: Iterable[str]
) -> dict[str, dict[str, int]]:
    """Count the parts of synchronisations by outcome or state.

    :returns: by parent: ``created``, ``updated``, ``unchanged``, ``failed``,
        ``cancelled``, ``queued``, ``running`` and ``total``
    """
    word = sa.func.coalesce(Operation.outcome, Operation.state)
    statement = (
        sa.select(Operation.parent_id, word, sa.func.count())
        .where(Operation.parent_id.in_(list(parent_ids)))
        .group_by(Operation.parent_id, word)
    )
    words = (*models.OUTCOMES, "failed", "cancelled", *models.UNFINISHED)
    result: dict[str, dict[str, int]] = {}
    rows = db.read(lambda session: session.execute(statement).all())
    for parent_id, value, number in rows:
        entry = result.setdefault(str(parent_id), dict.fromkeys(words, 0))
        entry[value] += number
    for entry in result.values():
        entry["total"] = sum(entry.values())
    return result


def cancel(
    db: db_session.Database, operation_id: str, project_id: str | None = None
) -> Operation:
    """Stop an operation: at once if it waits, else as soon as it notices.

    The parts of a synchronisation are stopped with it.

    :param project_id: only if it is this project's; None for any
    :raises OperationNotFound: there is none
    :raises OperationFinished: it has ended already
    """

    def work(session: orm.Session) -> Operation:
        chosen = sa.or_(
            Operation.id == operation_id, Operation.parent_id == operation_id
        )
        if project_id is not None:
            chosen = sa.and_(chosen, Operation.project_id == project_id)
        changed = cancel_chosen(session, chosen)
        operation = _get(session, operation_id, project_id)
        if not changed:
            raise exception.OperationFinished(
                f"Operation {operation_id} has {operation.state} already"
            )
        return operation

    return db.write(work)


def cancel_chosen(session: orm.Session, chosen: sa.ColumnElement[bool]) -> int:
    """Cancel those of the chosen operations that have not ended.

    What waits ends, what runs is asked to.  It is one statement: between two
    an operation could be claimed, or given back, and be missed by both.

    :returns: how many there were
    """
    now = clock.now_ms()
    waits = Operation.state == "queued"
    statement = (
        sa.update(Operation)
        .where(chosen, Operation.state.in_(models.UNFINISHED))
        # In this order, since MariaDB reads the state it has just set.
        .ordered_values(
            (Operation.finished_at, sa.case((waits, now))),
            (
                Operation.state,
                sa.case((waits, "cancelled"), else_=Operation.state),
            ),
            (Operation.pending_key, None),
            (Operation.cancel_requested, True),
            (Operation.updated_at, now),
        )
    )
    return db_session.changed(session, statement)


def join_or_add(session: orm.Session, request: Request) -> Operation:
    """Do the work of `submit` within a transaction.

    :raises TooManyOperations: as many wait as the request allows
    :raises DBDuplicateEntry: somebody else was first
    """
    return _accepted(_submit_all(session, [request])[0])


def _submit_all(
    session: orm.Session, requests: Sequence[Request]
) -> list[deduplication.Outcome]:
    keys = [pending_key(request) for request in requests]
    groups: dict[str, list[Request]] = {}
    for key, request in zip(keys, requests, strict=True):
        groups.setdefault(key, []).append(request)
    found = deduplication.join_or_add(
        session, {key: _group(group) for key, group in groups.items()}
    )
    return [found[key] for key in keys]


def _group(requests: Sequence[Request]) -> deduplication.Group:
    # Whoever asks for an image does not wait for all parts of a list, and no
    # webhook is refused because of a caller.
    first = min(
        requests, key=lambda one: (bool(one.parent_id), not one.is_webhook)
    )
    parents = [one.parent_id for one in requests if one.parent_id]
    unbounded = any(one.most is None for one in requests)
    return deduplication.Group(
        columns(first),
        len(requests),
        parents[0] if parents else None,
        deduplication.newest(one.announced for one in requests),
        most=None if unbounded else first.most,
    )


def _accepted(outcome: deduplication.Outcome) -> Operation:
    if isinstance(outcome, exception.TooManyOperations):
        raise outcome
    return outcome


def _get(
    session: orm.Session, operation_id: str, project_id: str | None
) -> Operation:
    operation = session.get(Operation, operation_id)
    foreign = project_id is not None and (
        operation is None or operation.project_id != project_id
    )
    if operation is None or foreign:
        raise exception.OperationNotFound(
            f"There is no operation {operation_id[:64]}"
        )
    return operation


def _find(session: orm.Session, query: Query) -> list[Operation]:
    statement = sa.select(Operation)
    for name in ("project_id", "state", "kind", "reference", "parent_id"):
        value = getattr(query, name)
        if value is not None:
            statement = statement.where(getattr(Operation, name) == value)
    if query.marker is not None:
        last = _get(session, query.marker, query.project_id)
        place = sa.tuple_(Operation.created_at, Operation.id)
        statement = statement.where(
            place < sa.tuple_(last.created_at, last.id)
        )
    statement = statement.order_by(
        Operation.created_at.desc(), Operation.id.desc()
    ).limit(query.limit)
    return list(session.scalars(statement))
