# SPDX-License-Identifier: Apache-2.0
"""Identical requests meet in the operation that waits for them."""

from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
from typing import Any

from oslo_db import exception as db_exception
from oslo_utils import uuidutils
import sqlalchemy as sa
from sqlalchemy import orm

from reposync import exception
from reposync.db.connection import clock
from reposync.db.models import Operation
from reposync.db.queue import limits

#: What becomes of a request.
Outcome = Operation | exception.TooManyOperations

# Made once: to put a statement together takes longer than to run it.
_JOIN = (
    sa.update(Operation)
    .where(Operation.pending_key == sa.bindparam("key"))
    .values(
        coalesced=Operation.coalesced + sa.bindparam("number"),
        # A part that somebody asks for by itself leaves the other parts.
        lane=sa.case(
            (
                Operation.parent_id.is_not(None),
                sa.func.coalesce(
                    sa.bindparam("lane", type_=Operation.lane.type),
                    Operation.lane,
                ),
            ),
            else_=Operation.lane,
        ),
        parent_id=sa.func.coalesce(
            Operation.parent_id,
            sa.bindparam("parent", type_=Operation.parent_id.type),
        ),
        announced_digest=sa.func.coalesce(
            sa.bindparam("digest", type_=Operation.announced_digest.type),
            Operation.announced_digest,
        ),
        settle_until=sa.func.coalesce(
            clock.now_ms() + sa.bindparam("settle", type_=sa.BigInteger),
            Operation.settle_until,
        ),
        updated_at=clock.now_ms(),
    )
)
_WAITING = sa.select(Operation).where(
    Operation.pending_key.in_(sa.bindparam("keys", expanding=True))
)


@dataclasses.dataclass(frozen=True, slots=True)
class Announcement:
    """What a webhook told, and how long the registry may be behind it.

    :ivar digest: of what was pushed or deleted, if it told
    :ivar seconds: from now on
    """

    digest: str | None
    seconds: float


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """Identical requests.

    :ivar values: the columns of the operation, should one have to be made,
        ``lane`` among them
    :ivar number: how many requests these are
    :ivar parent_id: the synchronisation that one of them is part of
    :ivar announced: the newest of what was told
    :ivar most: how many of the lane may wait with it; None for any number
    """

    values: Mapping[str, Any]
    number: int
    parent_id: str | None
    announced: Announcement | None = None
    most: int | None = None


def newest(told: Iterable[Announcement | None]) -> Announcement | None:
    """Choose between announcements, the oldest of which comes first.

    One that tells no digest does not make one that did forgotten: both may
    tell of the same push.
    """
    found = None
    for one in told:
        if one is not None:
            digest = one.digest or (found.digest if found else None)
            found = dataclasses.replace(one, digest=digest)
    return found


def join_or_add(
    session: orm.Session, groups: Mapping[str, Group]
) -> dict[str, Outcome]:
    """Join the operations that wait, and make those that are missing.

    :param groups: by the key under which they meet
    :returns: the operations, or refusals of new ones, by the same keys
    :raises DBDuplicateEntry: another transaction made one of them meanwhile;
        in the next transaction it can be joined
    """
    # In one order everywhere: no two transactions wait for each other.
    groups = dict(sorted(groups.items()))
    found = _join(session, groups)
    missing = {key: groups[key] for key in groups if key not in found}
    if not missing:
        return {**found}
    wanted = {
        key: (group.values["lane"], group.most)
        for key, group in missing.items()
    }
    refused = limits.refuse(session, wanted)
    added = {key: missing[key] for key in missing if key not in refused}
    return {**found, **refused, **_add(session, added)}


def _join(
    session: orm.Session, groups: Mapping[str, Group]
) -> dict[str, Operation]:
    # Past the session: it takes many parameters for many primary keys.
    joined = session.connection().execute(
        _JOIN,
        [
            {
                "key": key,
                "number": group.number,
                "parent": group.parent_id,
                "lane": None if group.parent_id else group.values["lane"],
                "digest": group.announced and group.announced.digest,
                "settle": group.announced and _ms(group.announced),
            }
            for key, group in groups.items()
        ],
    )
    if not joined.rowcount:
        return {}
    rows = session.scalars(_WAITING, {"keys": list(groups)})
    found = {str(row.pending_key): row for row in rows}
    if len(found) != joined.rowcount:
        # One came after the update, so it was not joined.
        raise db_exception.DBDuplicateEntry
    return found


def _add(
    session: orm.Session, groups: Mapping[str, Group]
) -> dict[str, Operation]:
    if not groups:
        return {}
    now = int(session.scalar(sa.select(clock.now_ms())) or 0)
    made = {
        key: Operation(
            id=uuidutils.generate_uuid(),
            state="queued",
            pending_key=key,
            coalesced=group.number - 1,
            announced_digest=group.announced and group.announced.digest,
            settle_until=group.announced and now + _ms(group.announced),
            not_before=now,
            created_at=now,
            updated_at=now,
            **{**group.values, "parent_id": group.parent_id},
        )
        for key, group in groups.items()
    }
    session.add_all(made.values())
    session.flush()
    return made


def _ms(announced: Announcement) -> int:
    return int(announced.seconds * 1000)
