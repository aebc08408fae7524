# SPDX-License-Identifier: Apache-2.0
"""Tells whoever watches a conductor what happens to operations."""

from collections.abc import Callable
import dataclasses
from typing import Any
from typing import Literal

from oslo_log import log

from reposync import context
from reposync import exception
from reposync.conductor import job as conductor_job
from reposync.db.connection import session as db_session
from reposync.db.models import Operation
from reposync.db.queue import batches
from reposync.db.queue import operations

LOG = log.getLogger(__name__)

Name = Literal[
    "begun", "ended", "retried", "returned", "left", "lost", "skipped"
]


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """What happened.

    :ivar name: ``begun``: an attempt; ``ended``: the operation, for good;
        ``retried``: the attempt failed and another will follow;
        ``returned``: it was handed back, because the conductor stops;
        ``lost``: its lease, to another conductor;
        ``left``: always the last, when the worker has left it;
        ``skipped``: parts of this synchronisation needed no work
    :ivar operation: the row as it was when it was claimed
    :ivar state: of the operation now
    :ivar outcome: ``created``, ``updated`` or ``unchanged``, of a pull
    :ivar image: the image of the catalogue, as the API shows it
    :ivar code: of the error, if there was one
    :ivar message: its text
    :ivar job: the work on it; None if there was none in this process
    :ivar number: how many parts
    """

    name: Name
    operation: Operation
    state: str = "running"
    outcome: str | None = None
    image: dict[str, Any] | None = None
    code: str | None = None
    message: str | None = None
    job: conductor_job.Job | None = None
    number: int = 1


class Events:
    """Passes events on to listeners, in order.

    A listener must return soon: it is called by the thread that works.
    """

    def __init__(self, *listeners: Callable[[Event], None]):
        """Store who is told."""
        self._listeners = listeners

    def tell(
        self,
        name: Name,
        job: conductor_job.Job,
        error: exception.ReposyncError | None = None,
        **what: Any,
    ) -> None:
        """Tell of an operation in the hands of a worker."""
        if error is not None:
            what |= {"code": error.code, "message": error.message}
        self._tell(Event(name, job.operation, job=job, **what))

    def settle(self, db: db_session.Database) -> None:
        """End the synchronisations whose parts have ended, and tell of it.

        :raises DatabaseUnavailable: the database stays away
        """
        for operation_id in batches.settle(db):
            row = operations.get(db, operation_id)
            LOG.info(
                "Operation %s %s: all its parts have ended",
                row.id,
                row.state,
                extra={"context": _context(row)},
            )
            self._tell(
                Event(
                    "ended",
                    row,
                    row.state,
                    code=row.error_code,
                    message=row.error_message,
                )
            )

    def _tell(self, event: Event) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                LOG.exception("An event was not heard: %s", event.name)


def _context(row: Operation) -> context.RequestContext:
    # The thread keeps its own: it works on something else.
    return context.RequestContext(
        resource_uuid=row.id,
        request_id=row.request_id,
        project_id=row.project_id,
        user_id=row.user_id,
        overwrite=False,
    )
