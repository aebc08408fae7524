# SPDX-License-Identifier: Apache-2.0
"""Azure Container Registry's webhook.

https://learn.microsoft.com/azure/container-registry/container-registry-webhook-reference
has the bodies: one event of Distribution each, without an envelope.  A
deletion is one of a manifest and names no tag; deleting a tag sends nothing.
``ping`` tries the address; charts and quarantined images are none of ours.

Nothing is signed: a custom header of the webhook carries the secret.
"""

from collections.abc import Mapping

from reposync.webhooks import base
from reposync.webhooks import distribution


def parse(headers: Mapping[str, str], body: bytes) -> list[base.Event]:
    """Read the event.

    :raises InvalidWebhook: it is not what Azure sends
    """
    content = base.content(body)
    if base.needed(content, "action") == "ping":
        return base.ping()
    return [distribution.event(content)]


FORMAT = base.Format(parse, auth="header")
