# SPDX-License-Identifier: Apache-2.0
"""Zot's events extension: CloudEvents, not Distribution's notifications.

https://github.com/project-zot/zot/blob/main/examples/README-events.md tells
how it is configured, and ``pkg/extensions/events`` in that repository what it
sends: the types ``zotregistry.image.updated`` and ``.deleted``, with the
fields ``name``, ``reference`` (a tag or a digest) and ``digest``.  The HTTP
sink sends CloudEvents in binary mode, in which the type and the id are the
headers ``Ce-Type`` and ``Ce-Id``; in structured mode they are fields around
``data`` (https://github.com/cloudevents/spec/tree/main/cloudevents/bindings).

The events do not name the registry.
"""

from collections.abc import Mapping
import json
from typing import Any

from reposync.webhooks import attachments
from reposync.webhooks import base

#: By the ends of the types: what is before them can be configured in Zot.
_ACTIONS: dict[str, base.Action] = {
    "image.updated": "push",
    "image.deleted": "delete",
}


def parse(headers: Mapping[str, str], body: bytes) -> list[base.Event]:
    """Read the event.

    :raises InvalidWebhook: it is not what Zot sends
    """
    content = base.content(body)
    data: Any = content
    kind, delivery_id = headers.get("ce-type"), headers.get("ce-id")
    if kind is None:
        kind = base.needed(content, "type")
        delivery_id = base.text(content, "id")
        data = base.member(content, "data")
    action = _ACTIONS.get(".".join(kind.split(".")[-2:]))
    if action is None:
        return [base.ignored(f"{kind[:80]} changes no image", delivery_id)]
    note = attachments.note(*_types(data))
    if note and action == "push":
        return [base.ignored(note, delivery_id)]
    repository = base.needed(data, "name")
    reference = base.needed(data, "reference")
    by_digest = base.digest(reference)
    return [
        base.Event(
            base.image(
                base.UNKNOWN, repository, None if by_digest else reference
            ),
            action,
            digest=by_digest or base.digest(base.member(data, "digest")),
            delivery_id=delivery_id,
        )
    ]


def _types(data: Any) -> list[Any]:
    """Give what the manifest, which is there as a text, says that it is."""
    try:
        manifest = json.loads(base.member(data, "manifest") or "")
    except (ValueError, TypeError, RecursionError):
        manifest = None
    return [
        base.member(data, "mediaType"),
        base.member(manifest, "artifactType"),
        base.member(manifest, "config", "mediaType"),
    ]


FORMAT = base.Format(parse, auth="header", names_registry=False)
