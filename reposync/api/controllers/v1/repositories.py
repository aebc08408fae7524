# SPDX-License-Identifier: Apache-2.0
"""Repositories: what is mirrored, and how fresh it is."""

from typing import Any

import pecan

from reposync import exception
from reposync import repositories
from reposync.api import validation
from reposync.api import views
from reposync.api.controllers import base
from reposync.api.schemas import repositories as schemas
from reposync.db.queue import freshness
from reposync.policies import repositories as policies


class RepositoriesController(base.Resource):
    """``/v1/repositories``."""

    def get(self) -> dict[str, Any]:
        """List the lines of the list, in its order; bad lines last."""
        base.enforce(policies.LIST)
        values = validation.query(schemas.LIST)
        limit = validation.limit(values)
        services = pecan.request.services
        shown = _page(
            _lines(services.conf.repositories.file),
            values.get("marker"),
            limit,
        )
        names = [each["reference"] for each in shown if each["reference"]]
        known = freshness.of(services.db, names)
        for each in shown:
            if each["reference"] in known:
                each.update(views.freshness(known[each["reference"]]))
        last = shown[-1]["id"] if len(shown) == limit else None
        return {"repositories": shown, "links": base.links(last)}


def _lines(path: str) -> list[dict[str, Any]]:
    """Give the lines, each name once."""
    listed = repositories.RepositoryList.load(path)
    shown: dict[str, dict[str, Any]] = {}
    for entry in listed.entries:
        line = views.repository(entry)
        shown.setdefault(line["id"], line)
    for bad in listed.bad_lines:
        shown.setdefault(bad.text, views.bad_line(bad))
    return list(shown.values())


def _page(
    lines: list[dict[str, Any]], marker: str | None, limit: int
) -> list[dict[str, Any]]:
    if marker is None:
        return lines[:limit]
    places = {line["id"]: place for place, line in enumerate(lines)}
    if marker not in places:
        raise exception.InvalidRequest(
            "The marker is unknown. The list has no such line"
        )
    begin = places[marker] + 1
    return lines[begin : begin + limit]
