# SPDX-License-Identifier: Apache-2.0
"""The conductor's end of the message bus."""

import itertools
from typing import Any

from oslo_log import log
import oslo_messaging

from reposync import exception
from reposync import filters
from reposync import rpc
from reposync.conductor import bell
from reposync.drivers import base as driver

LOG = log.getLogger(__name__)


class Endpoint:
    """Answers the API; see `conductor.rpcapi` for what each call means."""

    target = oslo_messaging.Target(version=rpc.VERSION)

    def __init__(self, driver: driver.Driver, bell: bell.Bell):
        """Store what answers come from."""
        self._driver = driver
        self._bell = bell

    @oslo_messaging.expose
    def process(self, context: Any, operation_id: str) -> None:
        """Wake a worker; it looks into the database for what waits."""
        LOG.debug("Operation %s was announced", operation_id)
        self._bell.ring()

    @oslo_messaging.expose
    @oslo_messaging.expected_exceptions(exception.ReposyncError)
    def images(
        self,
        context: Any,
        name_filter: str | None,
        image_type: str | None,
        limit: int,
        marker: str | None,
    ) -> list[dict[str, Any]]:
        """List images of the catalogue."""
        image_filter = filters.ImageFilter(name_filter, image_type)
        found = self._driver.images(image_filter, marker)
        return [
            image.to_dict() for image in itertools.islice(found, max(limit, 0))
        ]

    @oslo_messaging.expose
    @oslo_messaging.expected_exceptions(exception.ReposyncError)
    def image(self, context: Any, image_id: str) -> dict[str, Any]:
        """Show one image of the catalogue."""
        return self._driver.image(image_id).to_dict()
