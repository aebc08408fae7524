# SPDX-License-Identifier: Apache-2.0
"""What descriptions of paths are made of."""

from collections.abc import Mapping
from typing import Any

from reposync.api import streams

Json = dict[str, Any]

#: What every call may be answered with, and every call with a token.
_ALWAYS = (400, 408, 413)
_WITH_TOKEN = (401, 503)
_REASONS = {
    200: "It was done",
    202: "It was accepted, and is done later",
    300: "The versions there are",
    400: "The request cannot be understood",
    401: "The token or the secret is missing or wrong",
    403: "The caller's roles, or the list of repositories, do not allow it",
    404: "There is no such thing, or it belongs to another project",
    408: "The request took too long to come in",
    409: "The operation cannot be cancelled any more",
    413: "The body is larger than the service takes",
    415: "The body is not application/json",
    429: "As many operations of the project wait as may",
    502: "The catalogue refuses",
    503: "Something the service needs is away",
    504: "No conductor answered in time",
}


def ref(name: str) -> Json:
    """Refer to a schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def thing(**properties: Any) -> Json:
    """Describe an object that has exactly these fields."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def many(items: Json) -> Json:
    """Describe a list."""
    return {"type": "array", "items": items}


def optional(kind: str, **more: Any) -> Json:
    """Describe a value that may be null."""
    return {"type": [kind, "null"], **more}


def call(
    summary: str,
    answers: Mapping[int, Any],
    *,
    errors: tuple[int, ...] = (),
    query: Json | None = None,
    body: Json | None = None,
    token: bool = True,
    **more: Any,
) -> Json:
    """Describe one method of a path.

    :param answers: schema of the body by status
    :param errors: statuses beyond those that every call may have
    :param query: the schema that the query string is checked with
    :param body: what may be sent
    :param token: whether it needs one
    """
    statuses = {*errors, *_ALWAYS, *(_WITH_TOKEN if token else ())}
    described: Json = {
        "summary": summary,
        "parameters": _parameters(query or {}),
        "responses": {
            **{
                str(status): _answer(status, answers[status])
                for status in answers
            },
            **{str(status): _error(status) for status in sorted(statuses)},
        },
    }
    if body is not None:
        described["requestBody"] = body
    if not token:
        described["security"] = []
    return described | more


def accepted(**kwargs: Any) -> Json:
    """Describe a call that makes an operation, and may stream."""
    described = call(
        kwargs.pop("summary"),
        {202: thing(operation=ref("Operation"))},
        errors=(403, *kwargs.pop("errors", ())),
        **kwargs,
    )
    described["responses"]["200"] = {
        "description": "With Accept: application/x-ndjson: a line for each "
        "image, then the operation",
        "content": {streams.MEDIA_TYPE: {"schema": {"type": "string"}}},
    }
    described["responses"]["202"]["headers"] = {
        "Location": {
            "description": "The address of the operation",
            "schema": {"type": "string", "format": "uri"},
        }
    }
    return described


def body(schema: Json, required: bool) -> Json:
    """Describe a JSON body."""
    return {
        "required": required,
        "content": {"application/json": {"schema": _plain(schema)}},
    }


def in_path(name: str, description: str, **schema: Any) -> Json:
    """Describe a part of a path."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string"} | schema,
    }


def _parameters(schema: Json) -> list[Json]:
    needed = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in needed,
            "schema": wanted,
        }
        for name, wanted in schema.get("properties", {}).items()
    ]


def _plain(schema: Json) -> Json:
    return {key: value for key, value in schema.items() if key != "$schema"}


def _answer(status: int, schema: Json) -> Json:
    return {
        "description": _REASONS[status],
        "content": {"application/json": {"schema": schema}},
    }


def _error(status: int) -> Json:
    return _answer(status, ref("Errors"))
