# SPDX-License-Identifier: Apache-2.0
"""JFrog Artifactory's webhooks of the domain ``docker``.

https://jfrog.com/help/r/jfrog-platform-administration-documentation/webhooks
has the events ``pushed``, ``deleted`` and ``promoted``.  An image is
``image_name`` in the repository ``repo_key``; a registry whose clients leave
``repo_key`` out of names, because it is in the host, needs the option
``registry`` of the receiver with that host and is not covered otherwise.
``jpd_origin`` is the address of the platform, and empty unless a base URL is
set in it.

``X-JFrog-Event-Auth`` holds the secret as it is, or, with
``use_secret_for_signing``, the HMAC-SHA256 of the body.
"""

from collections.abc import Mapping
from typing import Any

from reposync.webhooks import base

_ACTIONS: dict[str, base.Action] = {
    "pushed": "push",
    "promoted": "push",
    "deleted": "delete",
}


def parse(headers: Mapping[str, str], body: bytes) -> list[base.Event]:
    """Read the event.

    :raises InvalidWebhook: it is not what Artifactory sends
    """
    content = base.content(body)
    domain = base.needed(content, "domain")
    kind = base.needed(content, "event_type")
    action = _ACTIONS.get(kind)
    if domain != "docker" or action is None:
        return [base.ignored(f"{domain[:80]} {kind[:80]} changes no image")]
    data = base.member(content, "data")
    repository = "/".join(
        base.needed(data, part) for part in ("repo_key", "image_name")
    )
    # The folder of a manifest without a tag is called by its digest.
    tag = base.needed(data, "tag").replace("sha256__", "sha256:")
    return [
        base.Event(
            base.image(_host(content), repository, tag),
            action,
            digest=base.digest(f"sha256:{base.member(data, 'sha256')}"),
        )
    ]


def _host(content: Any) -> str:
    origin = base.text(content, "jpd_origin") or base.UNKNOWN
    return origin.rpartition("://")[2].partition("/")[0]


FORMAT = base.Format(parse, auth="header", header="X-JFrog-Event-Auth")
