# SPDX-License-Identifier: Apache-2.0
"""The API's end of the message bus."""

from collections.abc import Callable
import queue
import threading
import time
from typing import Any

import kombu.exceptions
from oslo_config import cfg
from oslo_log import log
import oslo_messaging

from reposync import broker
from reposync import exception
from reposync import rpc
from reposync.db import conductors
from reposync.db import deployment
from reposync.db.connection import session as db_session

LOG = log.getLogger(__name__)

#: Seconds beyond the timeout of a call, for connecting.
_MARGIN = 5
#: Seconds after an answer in which the next question needs no look before.
_FRESH = 30.0
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

        1.0  process; images, image

    :param db: tells the name of the deployment, which is in the topics, and
        whether there is a conductor to ask
    """

    def __init__(self, conf: cfg.ConfigOpts, db: db_session.Database):
        """Store the configuration."""
        self._conf, self._db = conf, db
        self._lock = threading.Lock()
        self._transport: Any = None
        self._deployment: str | None = None
        self._clients: dict[str, Any] = {}
        #: Until when the broker counts as well without a look.
        self._well = float("-inf")

    def process(self, context: Any, operation_id: str) -> None:
        """Tell some conductor that an operation waits.

        :raises ConductorUnavailable: the message could not be left; a
            conductor finds the operation by itself a little later
        """
        # Without a queue a plain cast would vanish without a word.
        options = oslo_messaging.TransportOptions(at_least_once=True)
        try:
            client = self._client(rpc.nudge_topic)
            client = client.prepare(transport_options=options)
            client.cast(context, "process", operation_id=operation_id)
        except exception.DatabaseUnavailable as error:
            raise exception.ConductorUnavailable(
                "The database does not tell how conductors are reached"
            ) from error
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
        self._find_a_conductor()

        try:
            client = self._client(rpc.catalogue_topic)
            found = self._carefully(
                lambda: client.call(context, method, **arguments)
            )
        except oslo_messaging.MessagingTimeout as error:
            self._well = float("-inf")
            raise exception.ConductorTimeout(
                "No conductor answered in time. Look whether "
                "reposync-conductor runs and reaches the message bus",
                retry_after=10,
            ) from error
        except _UNREACHABLE as error:
            self._well = float("-inf")
            raise _unavailable(error) from error
        self._well = time.monotonic() + _FRESH
        return found

    def _carefully(self, ask: Callable[[], Any]) -> Any:
        """Ask, in bounded time.

        A first call waits for the broker for ever to make its reply queue,
        whatever its timeout is: look before, and wait aside.  As long as
        answers come, neither is needed.
        """
        if time.monotonic() < self._well:
            return ask()
        try:
            broker.probe(self._conf)
        except Exception as error:
            raise _unavailable(error) from error
        return self._aside(ask)

    def _find_a_conductor(self) -> None:
        """Make sure that there is one to ask: no answer takes a minute.

        :raises ConductorTimeout: none has given a sign of life
        """
        found = conductors.known(self._db)
        if any(each.alive for each in found):
            return
        raise exception.ConductorTimeout(
            f"{conductors.silence(found)}. Look whether reposync-conductor "
            "runs and reaches the database",
            retry_after=10,
        )

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

    def _client(self, topic: Callable[[str], str]) -> Any:
        """Make an end of a topic; the connections are shared.

        :raises DatabaseUnavailable: nobody knows the deployment's name yet
        """
        with self._lock:
            if self._deployment is None:
                self._deployment = deployment.identity(self._db)
            if self._transport is None:
                self._transport = rpc.get_transport(self._conf)
            name = topic(self._deployment)
            if name not in self._clients:
                made = rpc.get_client(self._transport, name)
                self._clients[name] = made
            return self._clients[name]


def _unavailable(error: Exception) -> exception.ConductorUnavailable:
    if isinstance(error, oslo_messaging.MessageUndeliverable):
        text = "No conductor has ever been connected to the message bus"
    else:
        text = f"The message bus cannot be reached: {broker.explain(error)}"
        LOG.debug("%s", broker.words(error))
    return exception.ConductorUnavailable(text, retry_after=10)
