# SPDX-License-Identifier: Apache-2.0
"""The description of the API."""

from typing import Any

from reposync.api.controllers import base
from reposync.api.openapi import document


class OpenApiController(base.Resource):
    """``/v1/openapi.json``."""

    def get(self) -> dict[str, Any]:
        """Show it."""
        return document.DOCUMENT
