# SPDX-License-Identifier: Apache-2.0
"""GitHub's webhook for packages of its container registry, ghcr.io.

https://docs.github.com/webhooks/webhook-events-and-payloads has the events
``package``, ``registry_package`` and ``ping``, and
https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
the signature: HMAC-SHA256 of the body, in ``X-Hub-Signature-256``.

The manifests of the platforms of an image come as events without a tag.
``X-GitHub-Delivery`` is the same when a delivery is sent again.  GitHub tells
of no deletion.
"""

from collections.abc import Mapping
from typing import Any

from reposync.webhooks import base

_HOST = "ghcr.io"
_PUSHES = ("published", "updated")


def parse(headers: Mapping[str, str], body: bytes) -> list[base.Event]:
    """Read the event.

    :raises InvalidWebhook: it is not what GitHub sends
    """
    content = base.content(body)
    kind = headers.get("x-github-event", "")
    delivery_id = headers.get("x-github-delivery")
    if kind == "ping":
        return base.ping()
    if kind not in ("package", "registry_package"):
        return [base.ignored(f"{kind[:80]!r} is about no package")]
    action = base.needed(content, "action")
    package = base.member(content, kind)
    is_container = base.needed(package, "package_type").lower() in (
        "container",
        "docker",
    )
    if action not in _PUSHES or not is_container:
        return [base.ignored("It is no push of an image", delivery_id)]
    version = base.member(package, "package_version")
    return [
        base.Event(
            base.image(_HOST, _repository(package), _tag(version)),
            digest=_digest(version),
            delivery_id=delivery_id,
        )
    ]


def _repository(package: Any) -> str:
    owner = base.text(package, "owner", "login")
    owner = owner or base.needed(package, "namespace")
    # Accounts are shown with capitals, which no repository can have.
    return f"{owner}/{base.needed(package, 'name')}".lower()


def _tag(version: Any) -> str | None:
    return base.text(version, "container_metadata", "tag", "name")


def _digest(version: Any) -> str | None:
    metadata = base.member(version, "container_metadata")
    return (
        base.digest(base.member(metadata, "tag", "digest"))
        or base.digest(base.member(metadata, "manifest", "digest"))
        or base.digest(base.member(version, "version"))
    )


FORMAT = base.Format(parse, auth="hmac-sha256", header="X-Hub-Signature-256")
