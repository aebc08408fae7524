# SPDX-License-Identifier: Apache-2.0
"""Amazon ECR's events, through EventBridge.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
shows ``ECR Image Action``.  An API destination of EventBridge sends it as it
is, or transformed by the rule; a CloudEvent of the type
``com.amazon.ecr.image.push`` (or ``.delete``) with ``repositoryName``,
``imageTag``, ``imageDigest`` and ``registryId`` in ``data`` is understood,
too.  The registry's host is made of the account and the region.

EventBridge signs nothing: the "API key" of its connection is a header.  It
may also send through a topic of SNS, whose messages hold the event as text
(https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html)
and whose subscription somebody has to confirm: no address of a body is called.
"""

from collections.abc import Mapping
import re
from typing import Any

from reposync import exception
from reposync.webhooks import attachments
from reposync.webhooks import base

_ACTIONS: dict[str, base.Action] = {"PUSH": "push", "DELETE": "delete"}
_TYPE = "com.amazon.ecr.image."
_ARN = re.compile(r"(?:urn:|arn:)aws[\w-]*:ecr:([a-z0-9-]+):([0-9]{12})", re.A)
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_LONGEST_URL = 1000
_REGION = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)


def parse(headers: Mapping[str, str], body: bytes) -> list[base.Event]:
    """Read the event.

    :raises InvalidWebhook: it is not what EventBridge sends
    """
    content = base.content(body)
    if "TopicArn" in content:
        if base.text(content, "Type") != "Notification":
            return base.ping(_confirm(content))
        text = base.needed(content, "Message")
        content = base.content(text.encode("utf-8", "surrogatepass"))
    delivery_id = base.text(content, "id")
    event = (
        _cloud_event(content) if "specversion" in content else _native(content)
    )
    if event is None:
        return [base.ignored("It changes no image", delivery_id)]
    note = attachments.note(
        base.member(content, "detail", "artifact-media-type")
    )
    if note and event[0] == "push":
        return [base.ignored(note, delivery_id)]
    action, host, repository, tag, digest = event
    return [
        base.Event(
            base.image(host, repository, tag),
            action,
            digest=base.digest(digest),
            delivery_id=delivery_id,
        )
    ]


def _confirm(content: Any) -> str:
    """Say how a person confirms a subscription of SNS."""
    if base.text(content, "Type") != "SubscriptionConfirmation":
        return "The subscription of SNS has ended"
    url = base.needed(content, "SubscribeURL")[:_LONGEST_URL]
    if not url.isascii() or not url.isprintable():
        raise exception.InvalidWebhook("SubscribeURL is no address")
    return f"To confirm the subscription of SNS, open this once: {url}"


_Found = tuple[base.Action, str, str, str | None, Any]


def _native(content: Any) -> _Found | None:
    detail = base.member(content, "detail")
    action = _ACTIONS.get(base.text(detail, "action-type") or "")
    is_image = base.needed(content, "detail-type") == "ECR Image Action"
    failed = base.text(detail, "result") not in (None, "SUCCESS")
    if not is_image or action is None or failed:
        return None
    return (
        action,
        _host(base.needed(content, "account"), base.needed(content, "region")),
        base.needed(detail, "repository-name"),
        base.text(detail, "image-tag"),
        base.member(detail, "image-digest"),
    )


def _cloud_event(content: Any) -> _Found | None:
    kind = base.needed(content, "type")
    action = _ACTIONS.get(kind.removeprefix(_TYPE).upper())
    if not kind.startswith(_TYPE) or action is None:
        return None
    data = base.member(content, "data")
    source = _ARN.match(base.needed(content, "source"))
    if source is None:
        raise exception.InvalidWebhook("source is no ARN of a registry")
    account = base.text(data, "registryId") or source[2]
    return (
        action,
        _host(account, source[1]),
        base.needed(data, "repositoryName"),
        base.text(data, "imageTag"),
        base.member(data, "imageDigest"),
    )


def _host(account: str, region: str) -> str:
    if not _ACCOUNT.fullmatch(account) or not _REGION.fullmatch(region):
        raise exception.InvalidWebhook("The account or the region is wrong")
    china = ".cn" if region.startswith("cn-") else ""
    return f"{account}.dkr.ecr.{region}.amazonaws.com{china}"


FORMAT = base.Format(parse, auth="header", header="X-Webhook-Secret")
