# SPDX-License-Identifier: Apache-2.0
"""Version 1 of the interface."""

from typing import Any

import pecan

from reposync.api.controllers import base
from reposync.api.controllers.v1 import images
from reposync.api.controllers.v1 import notify
from reposync.api.controllers.v1 import openapi
from reposync.api.controllers.v1 import operations
from reposync.api.controllers.v1 import repositories
from reposync.api.controllers.v1 import sync


def version(base_url: str) -> dict[str, Any]:
    """Describe this version, for discovery."""
    return {
        "id": "v1.0",
        "status": "CURRENT",
        "min_version": "",
        "version": "",
        "links": [{"rel": "self", "href": f"{base_url}/v1/"}],
    }


class V1Controller(base.Resource):
    """``/v1``."""

    images = images.ImagesController()
    notify = notify.NotifyController()
    operations = operations.OperationsController()
    repositories = repositories.RepositoriesController()
    sync = sync.SyncController()

    def get(self) -> dict[str, Any]:
        """Describe this version."""
        return {"version": version(pecan.request.host_url)}


# Pecan finds controllers by attributes, whatever their names are.
setattr(V1Controller, "openapi.json", openapi.OpenApiController())
