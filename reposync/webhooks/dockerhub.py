# SPDX-License-Identifier: Apache-2.0
"""Docker Hub's webhook.

https://docs.docker.com/docker-hub/repos/manage/webhooks/ shows the body.
``pushed_at`` and ``date_created`` come as integers or floats, ``images`` as a
list or null; none of them is read.  ``callback_url`` is never called.  Old
bodies have no tag: one cannot be guessed, so they are refused.
"""

from collections.abc import Mapping
import json
from typing import Any

from reposync import exception
from reposync import reference as ref
from reposync.webhooks import base


def parse(headers: Mapping[str, str], body: bytes) -> list[base.Event]:
    """Read the body of a push.

    :raises InvalidWebhook: it is not what Docker Hub sends
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise exception.InvalidWebhook("The body is not JSON") from error
    repository = _field(content, "repository")
    name = repository.get("repo_name")
    if name is None:
        parts = [_text(repository, key) for key in ("namespace", "name")]
        name = "/".join(parts)
    elif not isinstance(name, str):
        raise exception.InvalidWebhook("repository.repo_name is no text")
    tag = _text(_field(content, "push_data"), "tag")
    try:
        # The name is one on Docker Hub, whatever it looks like.
        reference = ref.Reference.parse(f"{ref.DOCKER_HUB}/{name}", tag)
    except exception.InvalidReference as error:
        raise exception.InvalidWebhook(error.message) from error
    if reference.digest:
        raise exception.InvalidWebhook("repository.repo_name has a digest")
    return [base.Event(reference)]


def _field(content: Any, key: str) -> dict[str, Any]:
    value = content.get(key) if isinstance(content, dict) else None
    if not isinstance(value, dict):
        raise exception.InvalidWebhook(f"The body has no object {key!r}")
    return value


def _text(content: dict[str, Any], key: str) -> str:
    value = content.get(key)
    if not isinstance(value, str) or not value:
        raise exception.InvalidWebhook(f"The body has no text {key!r}")
    return value
