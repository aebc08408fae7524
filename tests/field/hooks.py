# SPDX-License-Identifier: Apache-2.0
"""A process with receivers of webhooks, and what registries send to it."""

import atexit
import hashlib
import hmac
import json
from pathlib import Path
import shutil
import tempfile
from typing import Any
import uuid

from tests.field import base
from tests.fixtures import wait

SECRET = "0123456789abcdef-of-the-receiver"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
#: Formats whose secret comes in a header, or is asked for there.
_FORMATS = (
    "acr", "artifactory", "distribution", "ecr", "gcr", "harbor", "quay",
    "zot", "aliyun", "dockerhub",
)  # fmt: skip
_SIGNED = {"github": "sha256", "generic": "sha256", "nexus": "sha1"}
_HEADERS = {
    "github": "X-Hub-Signature-256",
    "generic": "X-Signature",
    "nexus": "X-Nexus-Webhook-Signature",
}
#: Requests that one operation may send while it waits for its tag.
MOST = 30
_kept: dict[str, base.Service] = {}


def service() -> base.Service:
    """Give the process that all rows about webhooks share."""
    if not _kept:
        directory = Path(tempfile.mkdtemp(prefix="reposync-hooks-"))
        atexit.register(shutil.rmtree, directory, ignore_errors=True)
        receivers = {
            f"receiver:{name}": {
                "format": name,
                "auth": "header",
                "auth_header": "Authorization",
                "secret": SECRET,
                "registry": "r.example.org" if name == "zot" else "",
            }
            for name in _FORMATS
        }
        receivers |= {
            f"receiver:{name}": {
                "format": name,
                "secret": SECRET,
                "registry": "r.example.org" if name == "nexus" else "",
            }
            for name in _SIGNED
        }
        notify = {
            "receivers": ",".join((*_FORMATS, *_SIGNED)),
            "settle_seconds": "8",
        }
        made = base.Service(directory, {"notify": notify} | receivers)
        atexit.register(made.close)
        _kept["service"] = made
    return _kept["service"]


def send(name: str, body: Any, secret: str = SECRET, **headers: str) -> Any:
    """Call a receiver; returns the answer.

    :param body: bytes as they are, or what becomes JSON
    :param headers: written with ``_`` for ``-``
    """
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {key.replace("_", "-"): text for key, text in headers.items()}
    if name in _SIGNED:
        made = hmac.new(secret.encode(), data, _SIGNED[name]).hexdigest()
        sent[_HEADERS[name]] = made
    else:
        sent["Authorization"] = secret
    return service().caller.call(
        "POST", f"/v1/notify/{name}", data=data, headers=sent
    )


def ignored(field: Any, answer: Any) -> list[tuple[str | None, str]]:
    """Give reference and reason of events that must all be ignored."""
    field.assertEqual(200, answer.status_code, answer.text)
    field.assertEqual([], answer.json()["operations"])
    return [
        (each["reference"], each["reason"])
        for each in answer.json()["ignored"]
    ]


def made(field: Any, answer: Any) -> dict[str, Any]:
    """Give the one operation that was made."""
    field.assertEqual(202, answer.status_code, answer.text)
    [operation] = answer.json()["operations"]
    return operation


def listed(registry: Any) -> None:
    """Let the list have what a registry has."""
    lines = f"{registry.host}/team/* delete=yes\n"
    service().process.list.write_text(lines)


def event(
    registry: Any, tag: str, digest: str | None = None, action: str = "push"
) -> dict[str, Any]:
    """Make a notification of docker-registry about team/app."""
    target = {"mediaType": MANIFEST, "repository": "team/app", "tag": tag}
    if digest:
        target["digest"] = digest
    told = {
        "id": str(uuid.uuid4()),
        "action": action,
        "target": target,
        "request": {"host": registry.host},
    }
    return {"events": [told]}


def behind(field: Any, operation: dict[str, Any]) -> str:
    """Wait until an operation waits for its registry; gives the text."""
    field.most += MOST

    def look() -> Any:
        found = service().caller.operation(operation["id"])
        error = found["error"] or {}
        return error if error.get("code") == "registry_behind" else None

    return str(wait.until(look, f"{operation} to wait", 30)["message"])


def ended(field: Any, operation: dict[str, Any]) -> dict[str, Any]:
    """Wait for the end of an operation."""
    field.most += MOST
    return service().caller.ended(operation, 60)


def digest(text: str) -> str:
    """Make a digest that no image has."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
