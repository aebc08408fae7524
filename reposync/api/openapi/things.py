# SPDX-License-Identifier: Apache-2.0
"""The things that the API shows."""

from reposync.api.openapi import parts
from reposync.api.webhooks import events
from reposync.db import models

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}
_TIME = {"type": "string", "format": "date-time"}
_SOMETIME = parts.optional("string", format="date-time")
_PERHAPS = parts.optional("string")

_OUTCOME = {"enum": [*models.OUTCOMES, None]}
_ERROR = {
    "oneOf": [parts.thing(code=_TEXT, message=_PERHAPS), {"type": "null"}]
}

LINK = parts.thing(rel=_TEXT, href=_TEXT)

VERSION = parts.thing(
    id=_TEXT,
    status=_TEXT,
    min_version=_TEXT,
    version=_TEXT,
    links=parts.many(parts.ref("Link")),
)

ERRORS = parts.thing(
    errors=parts.many(
        parts.thing(
            status=_NUMBER,
            code=_TEXT,
            title=_TEXT,
            detail=_TEXT,
            request_id=_PERHAPS,
            links=parts.many(parts.ref("Link")),
        )
    )
)

IMAGE = parts.thing(
    id=_TEXT,
    name=_TEXT,
    type={"enum": ["docker", "vm"]},
    docker_id=_PERHAPS,
    docker_name=_PERHAPS,
    docker_tag=_PERHAPS,
    docker_digest=_PERHAPS,
    os=_PERHAPS,
    architecture=_PERHAPS,
    distribution=_PERHAPS,
    version=_PERHAPS,
    size=parts.optional("integer"),
    status=_PERHAPS,
    created_at=_PERHAPS,
    updated_at=_PERHAPS,
)

COUNTS = parts.thing(
    **dict.fromkeys(
        (*models.OUTCOMES, "failed", "cancelled", *models.UNFINISHED, "total"),
        _NUMBER,
    )
)

_OPERATION = parts.thing(
    id=_TEXT | {"format": "uuid"},
    kind={"enum": list(models.KINDS)},
    state={"enum": list(models.STATES)},
    reference=_PERHAPS,
    image_id=_PERHAPS,
    outcome=_OUTCOME,
    image={"oneOf": [parts.ref("Image"), {"type": "null"}]},
    attempt=_NUMBER,
    max_attempts=_NUMBER,
    next_attempt_at=_SOMETIME,
    progress=parts.thing(
        phase=_PERHAPS, bytes=_NUMBER, total=parts.optional("integer")
    ),
    error=_ERROR,
    coalesced=_NUMBER,
    parent_id=_PERHAPS,
    project_id=_PERHAPS,
    user_id=_PERHAPS,
    request_id=_PERHAPS,
    created_at=_TIME,
    started_at=_SOMETIME,
    finished_at=_SOMETIME,
    updated_at=_TIME,
    links=parts.many(parts.ref("Link")),
)
OPERATION = _OPERATION | {
    "properties": _OPERATION["properties"] | {"counts": parts.ref("Counts")}
}

REPOSITORY = parts.thing(
    id=_TEXT,
    reference=_PERHAPS,
    pattern={"type": "boolean"},
    source=_PERHAPS,
    synced_at=_SOMETIME,
    outcome=_OUTCOME,
    image_id=_PERHAPS,
    error=_ERROR,
)

MADE = parts.thing(
    id=_TEXT | {"format": "uuid"},
    kind={"enum": ["pull", "delete"]},
    reference=_TEXT,
)

IGNORED = parts.thing(
    action={"enum": ["push", "delete", "ping", "ignore"]},
    reference=_PERHAPS,
    reason={"enum": list(events.REASONS)},
    detail=_PERHAPS,
)

#: By the names they are referred to with.
SCHEMAS = {
    "Counts": COUNTS,
    "Errors": ERRORS,
    "Ignored": IGNORED,
    "Image": IMAGE,
    "Link": LINK,
    "Made": MADE,
    "Operation": OPERATION,
    "Repository": REPOSITORY,
    "Version": VERSION,
}
