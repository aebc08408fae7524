# SPDX-License-Identifier: Apache-2.0
"""The notifications of docker-registry (CNCF Distribution), and of GitLab.

https://distribution.github.io/distribution/about/notifications/ has the
envelope and its events; GitLab's registry is a Distribution
(https://docs.gitlab.com/administration/packages/container_registry/).

The registry sends an envelope again until it is answered with 2xx or 3xx,
and nothing else meanwhile.  So an event that cannot be understood is ignored
and does not spoil its envelope.  Pulls, mounts and the pushes of layers are
events, too.  What the registry does by itself has no request, and so no host.
The deletion of a manifest, or of a layer, has a digest and no
tag, that of a tag has the tag, and that of a repository has neither.
"""

from collections.abc import Mapping
from typing import Any

from reposync import exception
from reposync.webhooks import attachments
from reposync.webhooks import base

_MANIFESTS = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
    }
)
#: Types that say nothing.
_PLAIN = ("", "application/octet-stream", "application/json")


def parse(headers: Mapping[str, str], body: bytes) -> list[base.Event]:
    """Read all events of an envelope.

    :raises InvalidWebhook: it is no envelope
    """
    return [
        tolerant(entry) for entry in base.entries(base.content(body), "events")
    ]


def tolerant(entry: Any) -> base.Event:
    """Read one event; one that cannot be understood is to be ignored."""
    try:
        return event(entry)
    except exception.InvalidWebhook as error:
        return base.ignored(error.message)


def event(entry: Any) -> base.Event:
    """Read one event.

    :raises InvalidWebhook: it is none
    """
    kind = base.needed(entry, "action")
    delivery_id = base.text(entry, "id")
    if kind not in ("push", "delete"):
        return base.ignored(f"{kind[:80]} changes no image", delivery_id)
    target = base.member(entry, "target")
    media_type = base.text(target, "mediaType") or ""
    plain = media_type.partition(";")[0].strip().lower()
    note = attachments.note(plain, *_parts(target))
    tag = base.text(entry, "target", "tag")
    # Only manifests have tags, whatever a registry calls them.
    known = plain in _MANIFESTS or (tag and plain in _PLAIN)
    if kind == "push" and (note or not known):
        return base.ignored(note or "It is no manifest", delivery_id)
    host = base.text(entry, "request", "host") or base.UNKNOWN
    repository = base.needed(entry, "target", "repository")
    return base.Event(
        base.image(host, repository, tag),
        "push" if kind == "push" else "delete",
        digest=base.digest(base.member(entry, "target", "digest")),
        delivery_id=delivery_id,
    )


def _parts(target: Any) -> list[Any]:
    """Give the types of the artifact, the configuration and the layers.

    The latter two are there with ``includereferences``.
    """
    parts = base.member(target, "references")
    parts = parts if isinstance(parts, list) else []
    return [
        base.member(target, "artifactType"),
        *(base.member(part, "mediaType") for part in parts),
    ]


FORMAT = base.Format(parse, auth="header")
