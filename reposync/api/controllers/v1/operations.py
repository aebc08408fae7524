# SPDX-License-Identifier: Apache-2.0
"""Operations: what is and was done."""

from typing import Any

from oslo_utils import uuidutils
import pecan

from reposync import exception
from reposync.api import validation
from reposync.api import views
from reposync.api.controllers import base
from reposync.api.schemas import operations as schemas
from reposync.db import models
from reposync.db.queue import operations
from reposync.policies import operations as policies


class OperationController(base.Resource):
    """``/v1/operations/{operation_id}``."""

    def __init__(self, operation_id: str):
        """Store which operation is meant."""
        self._id = operation_id

    def get(self) -> dict[str, Any]:
        """Show the operation."""
        row = self._find(policies.SHOW)
        validation.query(schemas.NOTHING)
        return _shown(row)

    def delete(self) -> dict[str, Any]:
        """Cancel it."""
        self._find(policies.CANCEL)
        validation.query(schemas.NOTHING)
        row = operations.cancel(pecan.request.services.db, self._id)
        pecan.response.status = 202
        shown = _shown(row)
        pecan.response.headers["Location"] = pecan.request.path_url
        return shown

    def _find(self, rule: str) -> models.Operation:
        """Read the row; another project's is as if it were not there."""
        request = pecan.request
        row = operations.get(request.services.db, self._id)
        own = row.project_id == request.caller.project_id
        if not own and not _sees_all():
            raise exception.OperationNotFound(
                f"There is no operation {self._id}"
            )
        base.enforce(rule, {"project_id": row.project_id})
        return row


class OperationsController(base.Resource):
    """``/v1/operations``."""

    @pecan.expose()
    def _lookup(self, operation_id: str, *rest: str) -> Any:
        if not uuidutils.is_uuid_like(operation_id):
            raise exception.OperationNotFound(
                "No operation has such an id; they are UUIDs"
            )
        return OperationController(operation_id.lower()), rest

    def get(self) -> dict[str, Any]:
        """List operations, newest first."""
        base.enforce(policies.LIST)
        values = validation.query(schemas.LIST)
        limit = validation.limit(values)
        request = pecan.request
        project_id = request.caller.project_id
        if values.get("all_projects") == "true":
            base.enforce(policies.ALL_PROJECTS)
            project_id = None
        query = operations.Query(
            project_id=project_id,
            state=values.get("state"),
            kind=values.get("kind"),
            reference=values.get("reference"),
            parent_id=values.get("parent"),
            marker=values.get("marker"),
            limit=limit,
        )
        db = request.services.db
        try:
            rows = operations.find(db, query)
        except exception.OperationNotFound as error:
            raise base.bad_marker(error) from error
        syncs = [row.id for row in rows if row.kind == "sync"]
        tally = operations.counts(db, syncs) if syncs else {}
        url = request.host_url
        last = rows[-1].id if len(rows) == limit else None
        return {
            "operations": [
                views.operation(row, url, tally, max_attempts=_attempts())
                for row in rows
            ],
            "links": base.links(last),
        }


def _sees_all() -> bool:
    request = pecan.request
    allowed: bool = request.services.policy.allows(
        request.caller, policies.ALL_PROJECTS
    )
    return allowed


def _shown(row: models.Operation) -> dict[str, Any]:
    request = pecan.request
    tally = None
    if row.kind == "sync":
        tally = operations.counts(request.services.db, [row.id])
    shown = views.operation(
        row, request.host_url, tally, max_attempts=_attempts()
    )
    return {"operation": shown}


def _attempts() -> int:
    number: int = pecan.request.services.conf.conductor.max_attempts
    return number
