# SPDX-License-Identifier: Apache-2.0
"""Azure Container Registry's webhook.

https://learn.microsoft.com/azure/container-registry/container-registry-webhook-reference
has the bodies: one event of Distribution each, without an envelope.  A
deletion is one of a manifest and names no tag; deleting a tag sends nothing.
``ping`` tries the address; charts and quarantined images are none of ours.

Event Grid (https://learn.microsoft.com/azure/event-grid/event-schema-container-registry)
sends the same in the field ``data`` of an event of its own or of a CloudEvent,
and first an event with a code that it wants to read in the answer
(https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema).

Nothing is signed: a custom header of the webhook carries the secret.
"""

from collections.abc import Mapping
from typing import Any

from reposync.webhooks import base
from reposync.webhooks.formats import distribution

_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
_LONGEST_CODE = 256


def parse(headers: Mapping[str, str], body: bytes) -> list[base.Event]:
    """Read the event.

    :raises InvalidWebhook: it is not what Azure sends
    """
    content: Any = base.content(body)
    kind = base.text(content, "eventType")
    if kind is None and "specversion" in content:
        kind = base.needed(content, "type")
    if kind == _VALIDATION:
        code = base.needed(content, "data", "validationCode")
        return base.ping(reply={"validationResponse": code[:_LONGEST_CODE]})
    if kind is not None:
        content = base.member(content, "data")
    if base.needed(content, "action") == "ping":
        return base.ping()
    return [distribution.event(content)]


FORMAT = base.Format(parse, auth="header")
