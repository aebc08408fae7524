# SPDX-License-Identifier: Apache-2.0
"""Rules of images."""

from reposync.policies import base

LIST = "reposync:images:list"
SHOW = "reposync:images:show"
PULL = "reposync:images:pull"
DELETE = "reposync:images:delete"

RULES = [
    base.rule(
        LIST,
        base.READER,
        "List the images of the catalogue.",
        ("GET", "/v1/images"),
    ),
    base.rule(
        SHOW,
        base.READER,
        "Show an image of the catalogue.",
        ("GET", "/v1/images/{image_id}"),
    ),
    base.rule(
        PULL,
        base.MANAGER,
        "Have an image read from its registry and kept in the catalogue. "
        "The caller names the registry, and the conductor connects to it.",
        ("PUT", "/v1/images"),
    ),
    base.rule(
        DELETE,
        base.ADMIN,
        "Delete an image of the catalogue, which all projects share.",
        ("DELETE", "/v1/images/{image_id}"),
    ),
]
