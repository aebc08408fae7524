# SPDX-License-Identifier: Apache-2.0
"""Tells other services of operations, over oslo.messaging's notifications."""

import contextlib
import queue
import socket
import threading
import time
from typing import Any

from oslo_config import cfg
from oslo_log import log
import oslo_messaging

from reposync import broker
from reposync import context as reposync_context
from reposync import rpc
from reposync.conductor.telemetry import events

LOG = log.getLogger(__name__)

_WAITING = 1000
#: Seconds between two looks whether the broker is back.
_PAUSE = 5.0
#: Seconds that such a look counts.
_FRESH = 2.0
#: Events that others are told of, with the end of the type of notification.
_TYPES = {"begun": "start", "ended": "end", "retried": "error"}


class Notifications:
    """Sends from a thread of its own, so that no work waits for the broker.

    A bounded number waits while the broker is away; what comes on top of
    them is dropped and counted.
    """

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration; `start` connects."""
        self._conf = conf
        self._queue: queue.Queue[tuple[str, events.Event] | None]
        self._queue = queue.Queue(_WAITING)
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="notifications", daemon=True
        )
        self._away = False
        self._seen = float("-inf")
        self._dropped = 0
        self._notifier: Any = None

    def start(self) -> None:
        """Begin to send, if the configuration names a driver."""
        transport = oslo_messaging.get_notification_transport(self._conf)
        if self._conf.oslo_messaging_notifications.driver:
            # Not for ever, which is the default: see `rpc.get_client`.
            self._notifier = oslo_messaging.Notifier(
                transport,
                publisher_id=f"reposync.{socket.gethostname()}",
                retry=1,
                serializer=rpc.ContextSerializer(),
            )
            self._thread.start()

    def stop(self, seconds: float) -> None:
        """Send what waits, for so long at the most."""
        if self._notifier is not None:
            self._stopping.set()
            deadline = time.monotonic() + seconds
            with contextlib.suppress(queue.Full):
                self._queue.put(None, timeout=seconds)
            self._thread.join(max(0.0, deadline - time.monotonic()))

    def hear(self, event: events.Event) -> None:
        """Take an event, if others are to be told of it."""
        kind = _TYPES.get(event.name)
        if self._notifier is None or kind is None:
            return
        if event.state == "failed":
            kind = "error"
        try:
            self._queue.put_nowait((f"reposync.operation.{kind}", event))
        except queue.Full:
            if not self._dropped:
                LOG.warning(
                    "%d notifications wait; further ones are dropped", _WAITING
                )
            self._dropped += 1

    def _run(self) -> None:
        while True:
            item = self._queue.get()
            if item is None or not self._wait_for_broker():
                return
            try:
                self._send(*item)
            except Exception:
                LOG.exception("The notification %s failed", item[0])

    def _wait_for_broker(self) -> bool:
        """Wait until it can be reached.

        :returns: False if the conductor stops before that
        """
        while not self._reached():
            if self._stopping.wait(_PAUSE):
                return False
        return True

    def _reached(self) -> bool:
        # The drivers swallow errors, with a traceback for each message: so
        # look before, if the last look was not just now.
        if time.monotonic() < self._seen + _FRESH:
            return True
        try:
            broker.probe(
                self._conf,
                self._conf.oslo_messaging_notifications.transport_url,
            )
        except Exception as error:  # noqa: BLE001 (whatever: it is away)
            if not self._away:
                LOG.warning(
                    "Notifications wait for the message bus: %s",
                    broker.words(error),
                )
            self._away = True
            return False
        if self._away:
            LOG.info(
                "Notifications are sent again; %d were dropped", self._dropped
            )
        self._away, self._dropped = False, 0
        self._seen = time.monotonic()
        return True

    def _send(self, event_type: str, event: events.Event) -> None:
        row = event.operation
        context = reposync_context.enter(
            row.id,
            request_id=row.request_id,
            project_id=row.project_id,
            user_id=row.user_id,
        )
        failed = event_type.endswith(".error")
        send = self._notifier.error if failed else self._notifier.info
        send(context, event_type, payload(event))


def payload(event: events.Event) -> dict[str, Any]:
    """Say what happened, for other services.

    The guide for operators has a table of the fields.
    """
    row = event.operation
    error = {"code": event.code, "message": event.message}
    return {
        "operation_id": row.id,
        "kind": row.kind,
        "reference": row.reference,
        "image_id": row.image_id,
        "parent_id": row.parent_id,
        "project_id": row.project_id,
        "user_id": row.user_id,
        "request_id": row.request_id,
        "attempt": row.attempt,
        "state": event.state,
        "outcome": event.outcome,
        "image": event.image,
        "error": error if event.code else None,
    }
