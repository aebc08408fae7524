# SPDX-License-Identifier: Apache-2.0
"""Google Artifact Registry and Container Registry, through Pub/Sub.

https://cloud.google.com/artifact-registry/docs/configure-notifications shows
the messages: ``digest`` and ``tag`` are full names, and either may be
missing.  https://cloud.google.com/pubsub/docs/push has the envelope they come
in, the message in base64; a subscription may also send them bare.  Pub/Sub
proves itself with a token of Google's OpenID provider
(https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions).
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from reposync import exception
from reposync.webhooks import base

_ACTIONS: dict[str, base.Action] = {"INSERT": "push", "DELETE": "delete"}


def parse(headers: Mapping[str, str], body: bytes) -> list[base.Event]:
    """Read the message.

    :raises InvalidWebhook: it is not what Google sends
    """
    content = base.content(body)
    if "message" in content:
        delivery_id = base.text(content, "message", "messageId")
        try:
            data = _decode(base.needed(content, "message", "data"))
            return [_event(base.content(data), delivery_id)]
        except exception.InvalidWebhook as error:
            # Pub/Sub would send for days what is refused.
            return [base.ignored(error.message, delivery_id)]
    return [_event(content, None)]


def _event(content: Any, delivery_id: str | None) -> base.Event:
    kind = base.needed(content, "action")
    action = _ACTIONS.get(kind)
    if action is None:
        return base.ignored(f"{kind[:80]} changes no image", delivery_id)
    host, repository, tag, digest = _names(content)
    return base.Event(
        base.image(host, repository, tag),
        action,
        digest=digest,
        delivery_id=delivery_id,
    )


def _names(content: Any) -> tuple[str, str, str | None, str | None]:
    by_digest, by_tag = base.text(content, "digest"), base.text(content, "tag")
    name, digest, tag = by_tag or "", None, None
    if by_digest:
        name, _, digest = by_digest.partition("@")
    if by_tag:
        name, colon, tag = by_tag.rpartition(":")
        if not colon or "/" in tag:
            raise exception.InvalidWebhook(f"{by_tag[:80]!r} has no tag")
    return *base.split(name), tag, base.digest(digest)


def _decode(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise exception.InvalidWebhook("message.data is not base64") from error


FORMAT = base.Format(parse, auth="oidc")
