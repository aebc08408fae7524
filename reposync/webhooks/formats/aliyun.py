# SPDX-License-Identifier: Apache-2.0
"""Alibaba Cloud Container Registry's webhook.

https://www.alibabacloud.com/help/en/acr/user-guide/manage-webhooks shows the
body: Docker Hub's, with a digest and a region.  The host is that of the
public endpoint of the region; the Enterprise Edition has others, for which
the receiver's option ``registry`` is set.  Nothing is signed.
"""

from collections.abc import Mapping
import re

from reposync import exception
from reposync.webhooks import base

_REGION = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)


def parse(headers: Mapping[str, str], body: bytes) -> list[base.Event]:
    """Read the push.

    :raises InvalidWebhook: it is not what Alibaba Cloud sends
    """
    content = base.content(body)
    region = base.needed(content, "repository", "region")
    if not _REGION.fullmatch(region):
        raise exception.InvalidWebhook("repository.region is no region")
    return [
        base.Event(
            base.image(
                f"registry.{region}.aliyuncs.com",
                # Shown with capitals, which no repository can have.
                base.needed(content, "repository", "repo_full_name").lower(),
                base.needed(content, "push_data", "tag"),
            ),
            digest=base.digest(base.member(content, "push_data", "digest")),
        )
    ]


FORMAT = base.Format(parse)
