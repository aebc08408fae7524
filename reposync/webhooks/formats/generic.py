# SPDX-License-Identifier: Apache-2.0
"""A body that anything can send: a CI job, or a script.

::

    {"name": "registry.example.org/team/app", "tag": "1.0",
     "digest": "sha256:...", "action": "push", "id": "..."}

``name`` is written as for ``docker pull`` and may hold the tag.  ``tag``,
``digest``, ``action`` (``push`` or ``delete``) and ``id``, by which repeated
deliveries are known, may be left out.  The fields ``name``, ``tag`` and
``digest`` are those of Keel's native webhook
(https://keel.sh/docs/#native-webhooks), the signature, HMAC-SHA256 of the
body in ``X-Signature``, that of Flux's ``generic-hmac``
(https://fluxcd.io/flux/components/notification/receivers/).
"""

from collections.abc import Mapping

from reposync import exception
from reposync import reference as ref
from reposync.webhooks import base


def parse(headers: Mapping[str, str], body: bytes) -> list[base.Event]:
    """Read the event.

    :raises InvalidWebhook: it lacks something
    """
    content = base.content(body)
    action = base.text(content, "action") or "push"
    delivery_id = base.text(content, "id")
    if action == "ping":
        return base.ping()
    if action not in ("push", "delete"):
        return [base.ignored(f"{action[:80]} changes no image", delivery_id)]
    name, tag = base.needed(content, "name"), base.text(content, "tag")
    try:
        named = ref.Reference.parse(name)
    except exception.InvalidReference as error:
        raise exception.InvalidWebhook(error.message) from error
    plain, _, _ = name.partition("@")
    own = named.tag if plain.endswith(f":{named.tag}") else None
    if tag and own and tag != own:
        raise exception.InvalidWebhook("name has a tag that is not tag")
    return [
        base.Event(
            base.image(named.registry, named.repository, tag or own),
            "push" if action == "push" else "delete",
            digest=named.digest or base.digest(base.member(content, "digest")),
            delivery_id=delivery_id,
        )
    ]


FORMAT = base.Format(parse, auth="hmac-sha256", header="X-Signature")
