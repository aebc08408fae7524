# SPDX-License-Identifier: Apache-2.0
"""Errors as callers see them: one envelope, whatever went wrong where.

The form is that of the OpenStack API guidelines
(https://specs.openstack.org/openstack/api-sig/guidelines/errors.html).
"""

import json
from typing import Any

import webob

from reposync import exception


class WebhookRefused(exception.ReposyncError):
    """Whoever calls a receiver has not shown its secret."""

    code = "unauthorized"


#: Status by class; a class without one has that of its parent.
STATUSES: dict[type[exception.ReposyncError], int] = {
    exception.ReposyncError: 500,
    exception.InvalidRequest: 400,
    WebhookRefused: 401,
    exception.Forbidden: 403,
    exception.RepositoryNotAllowed: 403,
    exception.NotFound: 404,
    exception.OperationFinished: 409,
    exception.TooManyOperations: 429,
    exception.SourceError: 502,
    exception.CatalogueError: 502,
    exception.CatalogueUnavailable: 503,
    exception.ConductorUnavailable: 503,
    exception.ConductorTimeout: 504,
    exception.DatabaseUnavailable: 503,
    exception.KeysUnavailable: 503,
    exception.RepositoriesUnreadable: 503,
}

#: Codes of what HTTP itself refuses.
HTTP_CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    413: "payload_too_large",
    415: "unsupported_media_type",
    431: "headers_too_large",
    503: "unavailable",
}

_DETAILS = {
    401: "Show a valid token in X-Auth-Token",
    404: "There is nothing at this path",
    408: "The request took too long to come in",
    405: "The Allow header lists what can be done here",
    413: "The body is larger than [oslo_middleware] max_request_body_size",
    431: "The address and headers are larger than 64 KiB",
    503: "Keystone, which checks tokens, does not answer. Try again later",
}

#: Seconds after which to come again, where nobody knows better.
_RETRY_AFTER = 10


def status_of(error: exception.ReposyncError) -> int:
    """Find the status of an error."""
    for kind in type(error).__mro__:
        if kind in STATUSES:
            return STATUSES[kind]
    raise LookupError(type(error))


def from_exception(
    error: exception.ReposyncError, request_id: str | None
) -> webob.Response:
    """Make the answer to an error of this service."""
    status = status_of(error)
    body = envelope(
        status, error.code, error.title(), error.message, request_id
    )
    answer = _answer(status, body)
    if error.retry_after is not None and status in (429, 503, 504):
        answer.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    return answer


def from_status(
    status: int, request_id: str | None, detail: str | None = None
) -> webob.Response:
    """Make the answer to what HTTP itself refuses."""
    code = HTTP_CODES.get(status)
    if code is None:
        code = "internal_error" if status >= 500 else "invalid_request"
    if detail is None:
        detail = _DETAILS.get(
            status,
            "Something went wrong in the service; its log tells more under "
            "the request id"
            if status >= 500
            else "The request is not valid",
        )
    title = code.replace("_", " ").capitalize()
    answer = _answer(status, envelope(status, code, title, detail, request_id))
    if status == 503:
        answer.headers["Retry-After"] = str(_RETRY_AFTER)
    return answer


def envelope(
    status: int, code: str, title: str, detail: str, request_id: str | None
) -> dict[str, Any]:
    """Make the body of every error."""
    return {
        "errors": [
            {
                "status": status,
                "code": code,
                "title": title,
                "detail": detail,
                "request_id": request_id,
                "links": [],
            }
        ]
    }


def is_envelope(answer: webob.Response) -> bool:
    """Tell whether an answer was made here."""
    return bool(
        answer.content_type == "application/json"
        and answer.content_length
        and answer.body.startswith(b'{"errors": [{"status"')
    )


def _answer(status: int, body: dict[str, Any]) -> webob.Response:
    return webob.Response(
        status=status,
        content_type="application/json",
        charset="UTF-8",
        body=json.dumps(body).encode(),
    )
