# SPDX-License-Identifier: Apache-2.0
"""Harbor's webhook, in both of its forms.

https://goharbor.io/docs/latest/working-with-projects/project-configuration/configure-webhooks/
shows a body for each type of event in the forms *Default* and *CloudEvents*.

Harbor sends its "auth header" as ``Authorization``, verbatim, and signs
nothing.  An artifact without a tag has its digest in the field ``tag``.  A
body about an artifact with several tags names only one of them, so a
deletion is also one of the digest.  The events of scans, quotas, retention
and replication are none of ours: a replication into Harbor shows as a push.
"""

from collections.abc import Mapping
from typing import Any

from reposync.webhooks import base

_ACTIONS: dict[str, base.Action] = {
    "PUSH_ARTIFACT": "push",
    "DELETE_ARTIFACT": "delete",
    # Harbor 1.x
    "pushImage": "push",
    "deleteImage": "delete",
    # CloudEvents
    "harbor.artifact.pushed": "push",
    "harbor.artifact.deleted": "delete",
}


def parse(headers: Mapping[str, str], body: bytes) -> list[base.Event]:
    """Read the events of a body, one for each resource.

    :raises InvalidWebhook: it is not what Harbor sends
    """
    content = base.content(body)
    kind = base.needed(content, "type")
    is_cloud_event = "specversion" in content
    delivery_id = base.text(content, "id") if is_cloud_event else None
    action = _ACTIONS.get(kind)
    if action is None:
        return [base.ignored(f"{kind[:80]} changes no image", delivery_id)]
    data = base.member(content, "data" if is_cloud_event else "event_data")
    repository = base.needed(data, "repository", "repo_full_name")
    return [
        event
        for resource in base.entries(data, "resources")
        for event in _events(action, repository, resource, delivery_id)
    ]


def _events(
    action: base.Action,
    repository: str,
    resource: Any,
    delivery_id: str | None,
) -> list[base.Event]:
    url = base.text(resource, "resource_url")
    host = base.split(url)[0] if url else base.UNKNOWN
    tag = base.text(resource, "tag")
    digest = base.digest(base.member(resource, "digest")) or base.digest(tag)
    if base.digest(tag):
        tag = None
    tags = {tag, None} if action == "delete" and digest else {tag}
    return [
        base.Event(
            base.image(host, repository, each),
            action,
            digest=digest,
            delivery_id=delivery_id,
        )
        for each in sorted(tags, key=str, reverse=True)
    ]


FORMAT = base.Format(parse, auth="header")
