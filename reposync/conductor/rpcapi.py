# SPDX-License-Identifier: Apache-2.0
"""The API's end of the message bus."""

from collections.abc import Callable
import queue
import threading
from typing import Any

import kombu.exceptions
from oslo_config import cfg
from oslo_log import log
import oslo_messaging

from reposync import exception
from reposync import rpc

LOG = log.getLogger(__name__)

#: Seconds beyond the timeout of a call, for connecting.
_MARGIN = 5
# A broker that was never reached shows as kombu's own error.
_UNREACHABLE = (
    oslo_messaging.MessageDeliveryFailure,
    oslo_messaging.MessageUndeliverable,
    kombu.exceptions.OperationalError,
    OSError,
)


class ConductorAPI:
    """Speaks to the conductors.

    Nothing is connected before the first message, so that a process may
    fork after making this.

    Versions of the interface::

        1.0  process, images, image
    """

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration."""
        self._conf = conf
        self._lock = threading.Lock()
        self._client: Any = None

    def process(self, context: Any, operation_id: str) -> None:
        """Tell some conductor that an operation waits.

        :raises ConductorUnavailable: the message could not be left; a
            conductor finds the operation by itself a little later
        """
        # Without a queue a plain cast would vanish without a word.
        options = oslo_messaging.TransportOptions(at_least_once=True)
        try:
            client = self._get_client().prepare(transport_options=options)
            client.cast(context, "process", operation_id=operation_id)
        except _UNREACHABLE as error:
            raise _unavailable(error) from error

    def images(
        self,
        context: Any,
        *,
        name_filter: str | None,
        image_type: str | None,
        limit: int,
        marker: str | None,
    ) -> list[dict[str, Any]]:
        """List images of the catalogue as it is now.

        :returns: at most ``limit`` images, as `drivers.base.Image.to_dict`
        :raises ImageNotFound: the marker is unknown
        :raises CatalogueError: the catalogue refused
        :raises ConductorUnavailable: the message bus is away
        :raises ConductorTimeout: no conductor answered
        """
        return self._call(
            context,
            "images",
            name_filter=name_filter,
            image_type=image_type,
            limit=limit,
            marker=marker,
        )

    def image(self, context: Any, image_id: str) -> dict[str, Any]:
        """Show one image of the catalogue as it is now.

        :raises ImageNotFound: there is none with this id
        :raises CatalogueError: the catalogue refused
        :raises ConductorUnavailable: the message bus is away
        :raises ConductorTimeout: no conductor answered
        """
        return self._call(context, "image", image_id=image_id)

    def _call(self, context: Any, method: str, **arguments: Any) -> Any:
        try:
            # A first call waits for the broker for ever to make its reply
            # queue, whatever its timeout is: look before, and wait aside.
            self._probe()
            return self._aside(
                lambda: self._get_client().call(context, method, **arguments)
            )
        except oslo_messaging.MessagingTimeout as error:
            raise exception.ConductorTimeout(
                "No conductor answered in time. Look whether "
                "reposync-conductor runs and reaches the message bus",
                retry_after=10,
            ) from error
        except _UNREACHABLE as error:
            raise _unavailable(error) from error

    def _probe(self) -> None:
        try:
            rpc.probe(self._conf)
        except Exception as error:
            raise _unavailable(error) from error

    def _aside(self, work: Callable[[], Any]) -> Any:
        """Run something in a thread, and stop waiting for it in time."""
        answers: queue.SimpleQueue[tuple[Any, Exception | None]]
        answers = queue.SimpleQueue()

        def run() -> None:
            try:
                answers.put((work(), None))
            except Exception as error:  # noqa: BLE001 (raised below)
                answers.put((None, error))

        threading.Thread(target=run, name="call", daemon=True).start()
        try:
            seconds = self._conf.rpc_response_timeout + _MARGIN
            value, error = answers.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError from None
        if error is not None:
            raise error
        return value

    def _get_client(self) -> Any:
        with self._lock:
            if self._client is None:
                transport = rpc.get_transport(self._conf)
                self._client = rpc.get_client(transport)
            return self._client


def _unavailable(error: Exception) -> exception.ConductorUnavailable:
    if isinstance(error, oslo_messaging.MessageUndeliverable):
        text = "No conductor has ever been connected to the message bus"
    else:
        text = "The message bus cannot be reached"
    LOG.debug("%s: %s", text, type(error).__name__)
    return exception.ConductorUnavailable(text, retry_after=10)
