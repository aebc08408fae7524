# SPDX-License-Identifier: Apache-2.0
"""How things look in answers."""

from collections.abc import Mapping
import datetime
from typing import Any

from reposync import exception
from reposync import reference as ref
from reposync import repositories
from reposync.db import models
from reposync.db.queue import freshness as db_freshness


def operation(
    row: models.Operation,
    base_url: str,
    counts: Mapping[str, Mapping[str, int]] | None = None,
    *,
    max_attempts: int,
) -> dict[str, Any]:
    """Show an operation.

    :param base_url: address of the API, without a slash at its end
    :param counts: of the parts of synchronisations, by their id
    :param max_attempts: as conductors have it
    """
    shown = {
        "id": row.id,
        "kind": row.kind,
        "state": row.state,
        "reference": row.reference,
        "image_id": row.image_id,
        "outcome": row.outcome,
        "image": row.image or None,
        "attempt": row.attempt,
        "max_attempts": max_attempts,
        "next_attempt_at": _next_attempt(row),
        "progress": {
            "phase": row.phase,
            "bytes": row.bytes_done,
            "total": row.bytes_total,
        },
        "error": _error(row),
        "coalesced": row.coalesced,
        "parent_id": row.parent_id,
        "project_id": row.project_id,
        "user_id": row.user_id,
        "request_id": row.request_id,
        "created_at": _time(row.created_at),
        "started_at": _time(row.started_at),
        "finished_at": _time(row.finished_at),
        "updated_at": _time(row.updated_at),
        "links": [{"rel": "self", "href": operation_url(row, base_url)}],
    }
    if row.kind == "sync":
        empty = dict.fromkeys(_COUNTS, 0)
        shown["counts"] = dict((counts or {}).get(row.id, empty))
    return shown


def part(row: models.Operation) -> dict[str, Any]:
    """Show a pull that has ended, as a line of a stream."""
    return {
        "reference": row.reference,
        "outcome": row.outcome,
        "image": row.image or None,
        "error": _error(row),
        "operation_id": row.id,
    }


def repository(entry: repositories.Repository) -> dict[str, Any]:
    """Show a line of the list of which nothing is known yet."""
    name = entry.short_name
    shown = f"{name}:{entry.tag}" if entry.tag else name
    pulled = f"{name}:{entry.tag or ref.DEFAULT_TAG}"
    return _UNKNOWN | {
        "id": shown,
        "reference": None if entry.is_pattern else pulled,
        "pattern": entry.is_pattern,
        "source": entry.source,
    }


def bad_line(line: repositories.BadLine) -> dict[str, Any]:
    """Show a line that is no name."""
    error = {
        "code": exception.InvalidReference.code,
        "message": f"Line {line.number}: {line.reason}",
    }
    return _UNKNOWN | {"id": line.text, "error": error}


def freshness(found: db_freshness.Freshness) -> dict[str, Any]:
    """Show what the last pulls of an image found."""
    error = {"code": found.error_code, "message": found.error_message}
    return {
        "synced_at": _time(found.synced_at),
        "outcome": found.outcome,
        "image_id": found.image_id,
        "error": error if found.is_failing else None,
    }


def operation_url(row: models.Operation, base_url: str) -> str:
    """Give the address of an operation."""
    return f"{base_url}/v1/operations/{row.id}"


#: A line of the list that was never pulled.
_UNKNOWN: dict[str, Any] = {
    "id": None,
    "reference": None,
    "pattern": False,
    "source": None,
    "synced_at": None,
    "outcome": None,
    "image_id": None,
    "error": None,
}

_COUNTS = (
    *models.OUTCOMES,
    "failed",
    "cancelled",
    *models.UNFINISHED,
    "total",
)


def _next_attempt(row: models.Operation) -> str | None:
    """Tell when one that failed before may begin again."""
    waits = row.state == "queued" and row.error_code is not None
    return _time(row.not_before) if waits else None


def _error(row: models.Operation) -> dict[str, Any] | None:
    if row.error_code is None:
        return None
    return {"code": row.error_code, "message": row.error_message}


def _time(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    moment = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
