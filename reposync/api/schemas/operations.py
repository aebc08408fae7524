# SPDX-License-Identifier: Apache-2.0
"""Schemas of operations."""

from reposync.api import validation
from reposync.db import models

NOTHING = validation.schema()
LIST = validation.schema(
    state={"enum": list(models.STATES)},
    kind={"enum": list(models.KINDS)},
    reference=validation.LINE,
    parent={"type": "string", "pattern": "^[0-9a-fA-F-]{36}$"},
    all_projects=validation.FLAG,
    limit=validation.LIMIT,
    marker={"type": "string", "pattern": "^[0-9a-fA-F-]{36}$"},
)
