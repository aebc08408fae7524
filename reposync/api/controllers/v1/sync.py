# SPDX-License-Identifier: Apache-2.0
"""Synchronisations of all listed repositories."""

from typing import Any

import pecan

from reposync.api import validation
from reposync.api.controllers import base
from reposync.api.schemas import sync as schemas
from reposync.policies import sync as policies


class SyncController(base.Resource):
    """``/v1/sync``."""

    def put(self) -> Any:
        """Start one."""
        base.enforce(policies.START)
        validation.query(schemas.NOTHING)
        validation.body(schemas.NOTHING)
        request = pecan.request
        return base.accepted(request.services.submitter.sync(request.caller))
