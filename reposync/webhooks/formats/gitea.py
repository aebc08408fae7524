# SPDX-License-Identifier: Apache-2.0
"""The packages of Gitea's and Forgejo's container registries.

Their webhooks (https://docs.gitea.com/usage/repository/webhooks) have
GitHub's headers and signature beside their own, so they come through GitHub's
format.  The event ``package`` has the actions ``created`` and ``deleted`` and
a package with type, owner, name and version; the version is a tag, or the
digest of a manifest without one.  The registry has the host of the web pages.

The id of a delivery comes in a header, which the signature does not cover.
But a push makes a new row for the version, even where the tag and the image
stay (``createPackageAndVersion`` in ``routers/api/packages/container`` of
github.com/go-gitea/gitea), and its id and time are in the body.  So only a
repeated delivery has the same body, whose hash is an id that nobody can
change.
"""

from collections.abc import Mapping
from typing import Any
import urllib.parse

from reposync.webhooks import base

#: What is new in a body for each push, even of the same image.
_NEW = ("id", "created_at")
_ACTIONS: dict[str, base.Action] = {"created": "push", "deleted": "delete"}


def parse(
    headers: Mapping[str, str], content: Any, body: bytes
) -> list[base.Event]:
    """Read the event.

    :param body: what ``content`` was read from
    :raises InvalidWebhook: it is not what Gitea sends
    """
    kind = headers.get("x-forgejo-event") or headers.get("x-gitea-event", "")
    delivery_id = headers.get("x-github-delivery")
    if kind != "package":
        return [base.ignored(f"{kind[:80]!r} is about no package")]
    package = base.member(content, "package")
    if all(base.member(package, name) for name in _NEW):
        delivery_id = base.content_id(body)
    action = _ACTIONS.get(base.needed(content, "action"))
    if action is None or base.needed(package, "type") != "container":
        return [base.ignored("It changes no image", delivery_id)]
    owner = base.needed(package, "owner", "login")
    name = base.needed(package, "name")
    version = base.needed(package, "version")
    return [
        base.Event(
            base.image(_host(package), f"{owner}/{name}".lower(), version),
            action,
            digest=base.digest(version),
            delivery_id=delivery_id,
        )
    ]


def _host(package: Any) -> str:
    url = base.text(package, "html_url") or ""
    try:
        host = urllib.parse.urlsplit(url).netloc
    except ValueError:
        host = ""
    return host or base.UNKNOWN
