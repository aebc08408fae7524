# SPDX-License-Identifier: Apache-2.0
"""Schemas of images."""

from reposync.api import validation

NOTHING = validation.schema()
LIST = validation.schema(
    filter=validation.LINE,
    type={"enum": ["docker", "vm"]},
    limit=validation.LIMIT,
    marker=validation.LINE,
)
PULL_QUERY = validation.schema(imageName=validation.LINE, tag=validation.LINE)
PULL_BODY = validation.schema(name=validation.LINE, tag=validation.LINE) | {
    "required": ["name"]
}
