# SPDX-License-Identifier: Apache-2.0
"""Docker Hub's webhook.

https://docs.docker.com/docker-hub/repos/manage/webhooks/ shows the body.
``pushed_at`` and ``date_created`` come as integers or floats, ``images`` as a
list or null; none of them is read.  ``callback_url`` is passed on, and called
only if its host is on the operator's list.  Old bodies have no tag: one
cannot be guessed, so they are refused.  Docker Hub tells of no deletion and
signs nothing: the secret is in the address.
"""

from collections.abc import Mapping
from typing import Any

from reposync import reference as ref
from reposync.webhooks import attachments
from reposync.webhooks import base


def parse(headers: Mapping[str, str], body: bytes) -> list[base.Event]:
    """Read the body of a push.

    :raises InvalidWebhook: it is not what Docker Hub sends
    """
    content = base.content(body)
    note = attachments.note(base.member(content, "push_data", "media_type"))
    if note:
        return [base.ignored(note)]
    # The name is one on Docker Hub, whatever it looks like.
    reference = base.image(
        ref.DOCKER_HUB,
        _repository(content),
        base.needed(content, "push_data", "tag"),
    )
    url = base.member(content, "callback_url")
    return [
        base.Event(
            reference, callback_url=url if isinstance(url, str) else None
        )
    ]


def _repository(content: Any) -> str:
    name = base.text(content, "repository", "repo_name")
    if name is not None:
        return name
    parts = (
        base.needed(content, "repository", key)
        for key in ("namespace", "name")
    )
    return "/".join(parts)


FORMAT = base.Format(parse)
