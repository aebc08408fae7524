# SPDX-License-Identifier: Apache-2.0
"""How fresh the images of the catalogue are: what the last pulls found."""

from collections.abc import Collection
import dataclasses
from typing import Any

import sqlalchemy as sa

from reposync.db.connection import session as db_session
from reposync.db.models import Operation


@dataclasses.dataclass(frozen=True, slots=True)
class Freshness:
    """What is known of an image, whoever asked for it.

    :ivar synced_at: milliseconds; when a pull succeeded last
    :ivar outcome: of that pull
    :ivar image_id: of that pull
    :ivar failed_at: milliseconds; when a pull failed last
    :ivar error_code: of that pull
    :ivar error_message: of that pull
    """

    synced_at: int | None = None
    outcome: str | None = None
    image_id: str | None = None
    failed_at: int | None = None
    error_code: str | None = None
    error_message: str | None = None

    @property
    def is_failing(self) -> bool:
        """Tell whether the last pull that ended has failed."""
        return (self.failed_at or 0) > (self.synced_at or 0)


def of(
    db: db_session.Database, references: Collection[str]
) -> dict[str, Freshness]:
    """Find the last pulls of images.

    :param references: short forms with tags
    :returns: by reference; those that were never pulled are left out
    """
    last = (
        sa.select(
            Operation.reference,
            Operation.state,
            sa.func.max(Operation.finished_at).label("finished_at"),
        )
        .where(Operation.kind == "pull")
        .where(Operation.reference.in_(references))
        .where(Operation.state.in_(("succeeded", "failed")))
        .group_by(Operation.reference, Operation.state)
        .subquery()
    )
    same = sa.and_(
        *(
            getattr(Operation, name) == last.c[name]
            for name in ("reference", "state", "finished_at")
        )
    )
    statement = sa.select(Operation).join(last, same)
    found: dict[str, Freshness] = {}
    for row in db.read(lambda session: session.scalars(statement).all()):
        name = str(row.reference)
        before = found.get(name, Freshness())
        found[name] = dataclasses.replace(before, **_facts(row))
    return found


def _facts(row: Operation) -> dict[str, Any]:
    if row.state == "failed":
        return {
            "failed_at": row.finished_at,
            "error_code": row.error_code,
            "error_message": row.error_message,
        }
    return {
        "synced_at": row.finished_at,
        "outcome": row.outcome,
        "image_id": row.image_id,
    }
