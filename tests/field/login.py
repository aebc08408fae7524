# SPDX-License-Identifier: Apache-2.0
"""Lets a registry of a row want logins, and gives the service accounts."""

import base64
from collections.abc import Callable
import json
from typing import Any
import urllib.parse

from tests.field import base
from tests.field import registry as field_registry
from tests.fixtures import wait

TOKEN = "a-good-token"
USER = "robot"


def bearer(registry: field_registry.Registry, **values: str) -> str:
    """Give the challenge of a registry that gives its tokens itself."""
    items = {"realm": f"{registry.url}/token", "service": "s"} | values
    return "Bearer " + ",".join(f'{k}="{v}"' for k, v in items.items())


def token(header: str) -> bool:
    """Tell whether the token is right."""
    return header == f"Bearer {TOKEN}"


def basic(header: str) -> bool:
    """Tell whether the account is right."""
    return _account(header) == f"{USER}:{base.PASSWORD}"


def wants(
    registry: field_registry.Registry,
    *challenges: str | None,
    accepts: Callable[[str], bool] = token,
) -> None:
    """Let a registry want logins; its token server gives tokens to anybody.

    :param challenges: a header each, or None
    :param accepts: tells whether an ``Authorization`` is good
    """

    def want(handler: Any) -> bool:
        if accepts(handler.headers.get("Authorization", "")):
            return False
        handler.send_response(401)
        for challenge in challenges:
            if challenge is not None:
                handler.send_header("WWW-Authenticate", challenge)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    registry.on("(GET|HEAD) /v2/", want)
    registry.on("(GET|HEAD) /token", lambda handler: gives(handler))


def gives(handler: Any, **values: object) -> bool:
    """Answer with a token."""
    body = {"token": TOKEN, "expires_in": 300} | values
    handler.answer(200, json.dumps(body).encode())
    return True


def asked(registry: field_registry.Registry) -> list[dict[str, list[str]]]:
    """List what tokens were asked for."""
    queries = [
        each.path.partition("?")[2]
        for each in registry.seen
        if each.path.startswith("/token")
    ]
    return [urllib.parse.parse_qs(query) for query in queries]


def passwords(registry: field_registry.Registry, path: str = "/") -> list[str]:
    """List the accounts that came with requests for paths."""
    return [
        _account(each.headers["authorization"])
        for each in registry.seen
        if each.path.startswith(path)
        and each.headers.get("authorization", "").startswith("Basic ")
    ]


def waits(
    field: base.FieldTestCase, operation: dict[str, Any], code: str
) -> str:
    """Wait until an operation waits for a reason; returns its text."""

    def look() -> str | None:
        found = field.service.caller.operation(operation["id"])
        error = found.get("error") or {}
        return error["message"] if error.get("code") == code else None

    return wait.until(look, f"{code} of {operation}", 60)


def give(
    field: base.FieldTestCase,
    registry: field_registry.Registry,
    service: base.Service | None = None,
    host: str | None = None,
    **entry: str,
) -> None:
    """Write an account of a registry into the service's file of accounts.

    :param host: by which the service knows the registry
    :param entry: of the file, in place of a user and a good password
    """
    if not entry:
        pair = f"{USER}:{base.PASSWORD}".encode()
        entry = {"auth": base64.b64encode(pair).decode()}
    file = (service or field.service).accounts
    config = json.loads(file.read_text())
    config["auths"][host or registry.host] = entry
    file.write_text(json.dumps(config))


def _account(header: str) -> str:
    kind, _, text = header.partition(" ")
    return base64.b64decode(text).decode() if kind == "Basic" else ""
