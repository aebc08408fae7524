# SPDX-License-Identifier: Apache-2.0
"""Rules of images."""

from reposync.policies import base

LIST = "reposync:images:list"
SHOW = "reposync:images:show"
PULL = "reposync:images:pull"
PULL_UNLISTED = "reposync:images:pull_unlisted"
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
        "Have an image that the list of repositories selects read from its "
        "registry, with the service's own login, and kept in the catalogue, "
        "which all projects share.",
        ("PUT", "/v1/images"),
    ),
    base.rule(
        PULL_UNLISTED,
        base.ADMIN,
        "Have an image read and kept that the list of repositories does not "
        "select: the conductor connects to whatever registry is named, and "
        "logs in where it has a login. reposync:images:pull is needed, too.",
        ("PUT", "/v1/images"),
    ),
    base.rule(
        DELETE,
        base.ADMIN,
        "Delete an image of the catalogue, which all projects share.",
        ("DELETE", "/v1/images/{image_id}"),
    ),
]
