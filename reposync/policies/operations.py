# SPDX-License-Identifier: Apache-2.0
"""Rules of operations."""

from reposync.policies import base

LIST = "reposync:operations:list"
SHOW = "reposync:operations:show"
CANCEL = "reposync:operations:cancel"
ALL_PROJECTS = "reposync:operations:all_projects"

RULES = [
    base.rule(
        LIST,
        base.READER,
        "List the operations of the caller's project.",
        ("GET", "/v1/operations"),
    ),
    base.rule(
        SHOW,
        base.OWN_READER,
        "Show an operation.",
        ("GET", "/v1/operations/{operation_id}"),
    ),
    base.rule(
        CANCEL,
        base.OWN_MANAGER,
        "Cancel an operation.",
        ("DELETE", "/v1/operations/{operation_id}"),
    ),
    base.rule(
        ALL_PROJECTS,
        base.ADMIN,
        "See the operations of all projects, and those of webhooks.",
        ("GET", "/v1/operations?all_projects=true"),
        ("GET", "/v1/operations/{operation_id}"),
        ("DELETE", "/v1/operations/{operation_id}"),
    ),
]
