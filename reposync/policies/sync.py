# SPDX-License-Identifier: Apache-2.0
"""Rules of synchronisations."""

from reposync.policies import base

START = "reposync:sync:start"

RULES = [
    base.rule(
        START,
        base.ADMIN,
        "Synchronise all listed repositories.",
        ("PUT", "/v1/sync"),
    ),
]
