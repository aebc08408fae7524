# SPDX-License-Identifier: Apache-2.0
"""Rules of repositories."""

from reposync.policies import base

LIST = "reposync:repositories:list"

RULES = [
    base.rule(
        LIST,
        base.READER,
        "List what is mirrored, and how fresh it is.",
        ("GET", "/v1/repositories"),
    ),
]
