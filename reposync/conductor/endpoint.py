# SPDX-License-Identifier: Apache-2.0
"""The conductor's end of the message bus."""

from collections.abc import Callable
import itertools
import time
from typing import Any

from oslo_log import log
import oslo_messaging

from reposync import exception
from reposync import filters
from reposync import rpc
from reposync.conductor import bell
from reposync.drivers import base as driver

LOG = log.getLogger(__name__)


#: Seconds between two looks at whose message it was.
_SELDOM = 1.0


class Nudges:
    """Wakes workers; see `conductor.rpcapi` for what the call means.

    :param is_ours: tells whether the database has an operation
    """

    target = oslo_messaging.Target(version=rpc.VERSION)

    def __init__(self, bell: bell.Bell, is_ours: Callable[[str], bool]):
        """Store whom to wake."""
        self._bell = bell
        self._is_ours = is_ours
        self._looked = float("-inf")
        self._said = False

    @oslo_messaging.expose
    def process(self, context: Any, operation_id: str) -> None:
        """Wake a worker; it looks into the database for what waits."""
        LOG.debug("Operation %s was announced", operation_id)
        self._bell.ring()
        if not self._said and time.monotonic() > self._looked + _SELDOM:
            self._said = not self._is_ours(operation_id)
            self._looked = time.monotonic()
            if self._said:
                LOG.warning(
                    "Operation %s was announced on the message bus, and this "
                    "database does not have it: another deployment, whose "
                    "database is a copy of this one or the other way round, "
                    "shares the virtual host. Run 'reposync-manage db rename' "
                    "on the copy and restart its services",
                    operation_id[:64],
                )


class Catalogue:
    """Answers the API; see `conductor.rpcapi` for what each call means."""

    target = oslo_messaging.Target(version=rpc.VERSION)

    def __init__(self, driver: driver.Driver):
        """Store what answers come from."""
        self._driver = driver

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
