# SPDX-License-Identifier: Apache-2.0
"""GitHub's webhook for packages of its container registry, ghcr.io.

https://docs.github.com/webhooks/webhook-events-and-payloads has the events
``package``, ``registry_package`` and ``ping``, and
https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
the signature: HMAC-SHA256 of the body, in ``X-Hub-Signature-256``.

The manifests of the platforms of an image come as events without a tag.
``X-GitHub-Delivery`` is the same when a delivery is sent again.  GitHub tells
of no deletion.  That id comes in a header, which the signature does not cover,
and nothing in a body is new for each push: the third of three pushes that set
a tag to A, to B and back to A has the body of the first.  So a body that is
replayed under another id counts, and the registry is asked once more.

Gitea and Forgejo send the same headers beside their own, and another body.
"""

from collections.abc import Mapping
from typing import Any

from reposync.webhooks import attachments
from reposync.webhooks import base
from reposync.webhooks.formats import gitea

_HOST = "ghcr.io"
_PUSHES = ("published", "updated")


def parse(headers: Mapping[str, str], body: bytes) -> list[base.Event]:
    """Read the event.

    :raises InvalidWebhook: it is not what GitHub sends
    """
    content = base.content(body)
    if "x-gitea-event" in headers or "x-forgejo-event" in headers:
        return gitea.parse(headers, content, body)
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
    manifest = base.member(version, "container_metadata", "manifest")
    note = attachments.note(
        base.member(manifest, "media_type"),
        base.member(manifest, "config", "media_type"),
    )
    if note:
        return [base.ignored(note, delivery_id)]
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
