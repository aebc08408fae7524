# SPDX-License-Identifier: Apache-2.0
"""What somebody asks for, and which of the waiting operations it is akin to.

Two digests tell.  Identical requests of one project have the same *pending
key* and meet in one operation.  Those that take turns with all others as one
have the same *lane*: what one project's callers ask for, what webhooks tell
it, or the parts of one synchronisation.
"""

import dataclasses
import hashlib
from typing import Any

from reposync.db.models import Operation
from reposync.db.queue import deduplication


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for.

    :ivar kind: ``pull``, ``sync`` or ``delete``
    :ivar image_key: hex digest that stands for image and catalogue
    :ivar reference: short form with tag, for pulls
    :ivar image_id: the catalogue's id, for deletions
    :ivar project_id: who may see the operation; None for administrators only
    :ivar parent_id: the synchronisation it is part of
    :ivar announced: what a webhook told, where one did
    :ivar told: a webhook asks, even if it announces nothing any more
    :ivar most: how many of its lane may wait with it; None for any number
    """

    kind: str
    image_key: str
    reference: str | None = None
    image_id: str | None = None
    project_id: str | None = None
    user_id: str | None = None
    request_id: str | None = None
    parent_id: str | None = None
    announced: deduplication.Announcement | None = None
    told: bool = False
    most: int | None = None

    @property
    def is_webhook(self) -> bool:
        """Tell whether a webhook asks."""
        return self.told or self.announced is not None


def pending_key(request: Request | Operation) -> str:
    """Give the key under which identical waiting requests meet.

    It is the project's own: nobody is answered with an operation of
    another project.  A deletion may have the image of a pull, and is another
    request.
    """
    who = request.project_id or ""
    if request.kind == "delete":
        who = f"delete {who}"
    return f"{request.image_key[:32]}{_digest(who)}"


def lane(request: Request) -> str:
    """Give the lane in which a request waits; see `turns`.

    A synchronisation has one of its own: it must not wait behind all the
    pulls of its project.  There is no more than one of a project in it.
    """
    if request.parent_id:
        which = request.parent_id
    elif request.is_webhook:
        which = "webhooks"
    else:
        which = "sync" if request.kind == "sync" else "callers"
    return _digest(f"{request.project_id or ''} {which}")


def columns(request: Request) -> dict[str, Any]:
    """Give what the row of an operation takes from a request."""
    values = dataclasses.asdict(request)
    del values["announced"], values["most"], values["told"]
    return values | {"lane": lane(request)}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
