# SPDX-License-Identifier: Apache-2.0
"""Sonatype Nexus Repository's webhooks of a repository.

https://help.sonatype.com/en/webhooks.html and its page on repository
webhooks have the events ``rm:repository:component`` and
``rm:repository:asset``, told apart by the header ``X-Nexus-Webhook-Id``, and
the signature: HMAC-SHA1 of the body, in ``X-Nexus-Webhook-Signature``.

A component is an image, its version the tag.  Among the assets only
manifests by tag are read, ``v2/NAME/manifests/TAG``.  Neither names the host.

The id of a delivery comes in a header, which the signature does not cover.
But a body has the time of its event in milliseconds, so only a repeated
delivery has the same, and its hash is an id that nobody can change.
"""

from collections.abc import Mapping
import re
from typing import Any

from reposync.webhooks import base

_ACTIONS: dict[str, base.Action] = {
    "CREATED": "push",
    "UPDATED": "push",
    "DELETED": "delete",
}
_KINDS = {
    "rm:repository:component": "component",
    "rm:repository:asset": "asset",
}
_MANIFEST = re.compile(r"/?v2/(.+)/manifests/([^/]+)")


def parse(headers: Mapping[str, str], body: bytes) -> list[base.Event]:
    """Read the event.

    :raises InvalidWebhook: it is not what Nexus sends
    """
    content = base.content(body)
    delivery_id = headers.get("x-nexus-webhook-delivery")
    if base.text(content, "timestamp"):
        delivery_id = base.content_id(body)
    kind = _KINDS.get(headers.get("x-nexus-webhook-id", "").lower(), "")
    action = _ACTIONS.get(base.text(content, "action") or "")
    if not kind or action is None:
        return [base.ignored("It changes no image", delivery_id)]
    part = base.member(content, kind)
    if base.needed(part, "format") != "docker":
        return [base.ignored("It is no image", delivery_id)]
    names = _names(part) if kind == "component" else _manifest(part)
    if names is None:
        return [base.ignored("It is no manifest of a tag", delivery_id)]
    return [
        base.Event(
            base.image(base.UNKNOWN, *names),
            action,
            delivery_id=delivery_id,
        )
    ]


def _names(component: Any) -> tuple[str, str]:
    return base.needed(component, "name"), base.needed(component, "version")


def _manifest(asset: Any) -> tuple[str, str] | None:
    found = _MANIFEST.fullmatch(base.needed(asset, "name"))
    if found is None or base.digest(found[2]):
        return None
    return found[1], found[2]


FORMAT = base.Format(
    parse,
    auth="hmac-sha1",
    header="X-Nexus-Webhook-Signature",
    names_registry=False,
)
