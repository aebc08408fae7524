# SPDX-License-Identifier: Apache-2.0
"""What all controllers share."""

from typing import Any
from urllib.parse import urlencode

import pecan
import webob.exc

from reposync import exception
from reposync.api import streams
from reposync.api import views
from reposync.db import models

_METHODS = ("get", "put", "post", "delete")


class Resource:
    """A path; its methods ``get``, ``put``, ``post`` and ``delete`` answer.

    A few have ``options``, too.  Any other method is refused with those there
    are.
    """

    @pecan.expose("json")
    def index(self, **_: Any) -> Any:
        """Call the method of the request's name."""
        name = pecan.request.method.lower()
        method = getattr(self, "get" if name == "head" else name, None)
        if method is None or name not in (*_METHODS, "head", "options"):
            there = [each.upper() for each in _METHODS if hasattr(self, each)]
            if "GET" in there:
                there.append("HEAD")
            refusal = webob.exc.HTTPMethodNotAllowed()
            refusal.headers["Allow"] = ", ".join(there)
            raise refusal
        return method()


def enforce(rule: str, target: dict[str, Any] | None = None) -> None:
    """Let the caller through, or not.

    :raises Forbidden: the policy does not allow it
    """
    request = pecan.request
    request.services.policy.enforce(request.caller, rule, target)


def accepted(operation: models.Operation) -> Any:
    """Answer that an operation was accepted: as a stream, if asked for one.

    When all streams are taken, the plain answer is given instead; its body
    is one line, too.
    """
    request, response = pecan.request, pecan.response
    url = request.host_url
    response.headers["Location"] = views.operation_url(operation, url)
    if streams.MEDIA_TYPE in request.environ.get("reposync.accept", ""):
        stream = request.services.streams.open(
            operation, url, request.caller.request_id
        )
        if stream is not None:
            request.environ["reposync.stream"] = stream
    response.status = 202
    attempts = request.services.conf.conductor.max_attempts
    shown = views.operation(operation, url, max_attempts=attempts)
    return {"operation": shown}


def links(last: str | None) -> list[dict[str, str]]:
    """Give the addresses of this page of a list, and of the next one.

    :param last: id of the last entry, if there may be more
    """
    request = pecan.request
    found = [{"rel": "self", "href": request.url}]
    if last is not None:
        query = dict(request.GET) | {"marker": last}
        href = f"{request.path_url}?{urlencode(query)}"
        found.append({"rel": "next", "href": href})
    return found


def bad_marker(error: exception.NotFound) -> exception.InvalidRequest:
    """Say that a list cannot go on, because its marker is unknown."""
    return exception.InvalidRequest(f"The marker is unknown. {error.message}")
