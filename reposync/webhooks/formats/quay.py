# SPDX-License-Identifier: Apache-2.0
"""Quay's "repository push" notification.

https://docs.projectquay.io/use_quay.html#repository-events shows the bodies.
None of them names its event: only a push has ``updated_tags``, a list, or in
old bodies an object with a field for each tag.  Quay tells nothing of
deletions, has no digest and signs nothing: the secret is in the address.
"""

from collections.abc import Mapping

from reposync import exception
from reposync.webhooks import base


def parse(headers: Mapping[str, str], body: bytes) -> list[base.Event]:
    """Read the push, an event for each tag.

    :raises InvalidWebhook: it is not what Quay sends
    """
    content = base.content(body)
    host, _ = base.split(base.needed(content, "docker_url"))
    repository = base.needed(content, "repository")
    tags = base.member(content, "updated_tags")
    if tags is None:
        return [base.ignored("Only a push has updated_tags")]
    if not isinstance(tags, (list, dict)) or not all(
        isinstance(tag, str) and tag for tag in tags
    ):
        raise exception.InvalidWebhook("updated_tags is no list of tags")
    return [base.Event(base.image(host, repository, tag)) for tag in tags]


FORMAT = base.Format(parse)
