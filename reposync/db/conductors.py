# SPDX-License-Identifier: Apache-2.0
"""Which conductors there are, and what they lack."""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses

import sqlalchemy as sa
from sqlalchemy import orm

from reposync.db.connection import clock
from reposync.db.connection import session as db_session
from reposync.db.models import Conductor

#: Seconds between two signs of life.
INTERVAL = 5.0
#: Seconds after which a conductor that gave none counts as dead.
SILENCE = 30.0
#: Seconds after which nobody wants to know of it any more.
_FORGOTTEN = 7 * 24 * 3600.0


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """A conductor that gave a sign of life at some time.

    :ivar silent: seconds since the last one
    :ivar problems: a sentence by the name of what it lacks
    """

    host: str
    silent: float
    stopped: bool
    problems: Mapping[str, str]

    @property
    def alive(self) -> bool:
        """Tell whether it is there to do work."""
        return not self.stopped and self.silent < SILENCE


def beat(
    db: db_session.Database,
    name: str,
    host: str,
    problems: Mapping[str, str],
) -> None:
    """Give a sign of life of a conductor.

    :param name: unique for each start
    :raises DatabaseUnavailable: it could not be written
    """
    now = clock.now_ms()
    told = dict(problems) or None

    def work(session: orm.Session) -> None:
        statement = (
            sa.update(Conductor)
            .where(Conductor.id == name)
            .values(seen_at=now, problems=told)
        )
        if not db_session.changed(session, statement):
            _add(session, name, host, told)

    db.write(work)


def stop(db: db_session.Database, name: str) -> None:
    """Note that a conductor has stopped.

    :raises DatabaseUnavailable: it could not be written
    """
    statement = (
        sa.update(Conductor)
        .where(Conductor.id == name)
        .values(stopped=True, seen_at=clock.now_ms())
    )
    db.write(lambda session: session.execute(statement))


def known(db: db_session.Database) -> list[Known]:
    """List the conductors, the one that was seen last first.

    :raises DatabaseUnavailable: nobody can tell
    """
    statement = sa.select(
        Conductor, clock.now_ms() - Conductor.seen_at
    ).order_by(Conductor.seen_at.desc(), Conductor.id)
    return [
        Known(row.host, max(silent, 0) / 1000, row.stopped, row.problems or {})
        for row, silent in db.read(
            lambda session: session.execute(statement).all()
        )
    ]


def silence(found: Sequence[Known]) -> str:
    """Say that none of these conductors is there, and since when."""
    if not found:
        return "No conductor has ever given a sign of life"
    last = min(found, key=lambda each: each.silent)
    how = "stopped" if last.stopped else "gave its last sign of life"
    return f"No conductor runs: the last one {how} {last.silent:.0f} s ago"


def _add(
    session: orm.Session,
    name: str,
    host: str,
    problems: dict[str, str] | None,
) -> None:
    # Also the moment to forget those of long ago.
    old = Conductor.seen_at < clock.now_ms() - int(_FORGOTTEN * 1000)
    session.execute(sa.delete(Conductor).where(old))
    now = session.scalar(sa.select(clock.now_ms())) or 0
    session.add(
        Conductor(
            id=name,
            host=host,
            started_at=now,
            seen_at=now,
            stopped=False,
            problems=problems,
        )
    )
