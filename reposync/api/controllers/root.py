# SPDX-License-Identifier: Apache-2.0
"""The root: which versions there are."""

from typing import Any

import pecan

from reposync.api.controllers import base
from reposync.api.controllers import v1


class RootController(base.Resource):
    """``/``."""

    v1 = v1.V1Controller()

    def get(self) -> dict[str, Any]:
        """List the versions, as keystoneauth's discovery reads it."""
        pecan.response.status = 300
        return {"versions": [v1.version(pecan.request.host_url)]}
