# SPDX-License-Identifier: Apache-2.0
"""Checks query strings and bodies against JSON Schema before use."""

import json
from typing import Any

import jsonschema
import pecan
import webob.exc

from reposync import exception

#: A line of text that any database and any log can hold.
LINE = {
    "type": "string",
    "minLength": 1,
    "maxLength": 512,
    "pattern": "^[^\\x00-\\x1f\\x7f\\ud800-\\udfff]*$",
}
LIMIT = {"type": "string", "pattern": "^[0-9]{1,9}$"}
FLAG = {"enum": ["true", "false"]}


def schema(**properties: Any) -> dict[str, Any]:
    """Make a schema of an object that has no other fields."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def query(wanted: dict[str, Any]) -> dict[str, str]:
    """Read the query string; each parameter once.

    :raises InvalidRequest: it does not fit the schema
    """
    try:
        pairs = list(pecan.request.GET.items())
    except UnicodeDecodeError as error:
        raise exception.InvalidRequest(
            "The query string is not UTF-8"
        ) from error
    values = dict(pairs)
    if len(values) != len(pairs):
        raise exception.InvalidRequest("A parameter is given more than once")
    check(values, wanted, "parameter")
    return values


def read_body() -> bytes:
    """Read the body of the request.

    :raises HTTPRequestTimeout: it came in too slowly
    """
    request = pecan.request
    try:
        content: bytes = request.body if request.is_body_readable else b""
    except TimeoutError as error:
        raise webob.exc.HTTPRequestTimeout() from error
    return content


def body(wanted: dict[str, Any]) -> dict[str, Any] | None:
    """Read a JSON body; None if there is none.

    :raises InvalidRequest: it is no JSON, or does not fit the schema
    """
    content = read_body()
    if not content:
        return None
    kind, _, _ = pecan.request.environ["reposync.content_type"].partition(";")
    if kind.strip().lower() != "application/json":
        raise webob.exc.HTTPUnsupportedMediaType()
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise exception.InvalidRequest("The body is not JSON") from error
    check(values, wanted, "field")
    return dict(values)


def limit(values: dict[str, str]) -> int:
    """Read the length of a page.

    :raises InvalidRequest: it is larger than the service allows
    """
    longest = pecan.request.services.conf.api.max_limit
    found = int(values.get("limit", min(100, longest)))
    if not 1 <= found <= longest:
        raise exception.InvalidRequest(
            f"limit must be between 1 and {longest}, not {found}"
        )
    return found


def check(values: Any, wanted: dict[str, Any], word: str) -> None:
    """Compare with a schema.

    :param word: what a part of it is called
    :raises InvalidRequest: it does not fit; the text names the part
    """
    validator = jsonschema.Draft202012Validator(wanted)
    error = next(validator.iter_errors(values), None)
    if error is None:
        return
    if error.validator == "additionalProperties":
        known = ", ".join(sorted(wanted["properties"])) or "none"
        raise exception.InvalidRequest(
            f"There is a {word} that is not known here; known are: {known}"
        )
    place = ".".join(str(part) for part in error.absolute_path)
    what = f"The {word} {place}" if place else "The body"
    raise exception.InvalidRequest(f"{what} {_reason(error)}")


def _reason(error: jsonschema.ValidationError) -> str:
    wanted: Any = error.validator_value
    match error.validator:
        case "type":
            return f"must be of type {wanted}"
        case "enum":
            return f"must be one of {', '.join(map(str, wanted))}"
        case "minLength":
            return "must not be empty"
        case "maxLength":
            return f"is longer than {wanted} characters"
        case "required":
            return "lacks a field that is needed"
    return "has a form that is not allowed"
