# SPDX-License-Identifier: Apache-2.0
"""What is left to do about webhooks when their operations have ended."""

from collections.abc import Callable
from collections.abc import Mapping
import ssl
import threading
import time
from typing import Any

from oslo_config import cfg
from oslo_log import log

from reposync import exception
from reposync import retry
from reposync.conductor.telemetry import outage
from reposync.db.connection import session as db_session
from reposync.db.models import Operation
from reposync.db.webhooks import callbacks
from reposync.db.webhooks import deliveries
from reposync.webhooks import callbacks as callback

LOG = log.getLogger(__name__)

_PURGE = 600.0
_STATES = {"succeeded": "success", "failed": "failure", "cancelled": "error"}

Post = Callable[[str, Mapping[str, str], ssl.SSLContext], None]


class FollowUp:
    """A thread that makes calls, and forgets old deliveries.

    The calls wait in the database: another conductor makes what this one
    left.

    :param delay: seconds before a call is tried a second time; the wait is
        doubled each time
    :param database: said once for the whole conductor
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        db: db_session.Database,
        post: Post = callback.post,
        delay: float = retry.FIRST_CALL,
        database: outage.Outage | None = None,
    ):
        """Store what it needs."""
        self._conf = conf
        self._db = db
        self._post = post
        self._delay = delay
        self._stopping = threading.Event()
        self._purged = float("-inf")
        self._outage = database or outage.Outage("The database")
        self._thread = threading.Thread(
            target=self._run, name="follow-up", daemon=True
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more; a call that is under way is not waited for."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(self._conf.conductor.poll_interval):
            begun = time.monotonic()
            try:
                self.look()
                self._outage.over(begun)
            except exception.DatabaseUnavailable as error:
                self._outage.begun(error)
            except Exception:
                LOG.exception("An unexpected error; the follow-up goes on")

    def look(self) -> None:
        """Make the calls that are due, and purge now and then.

        :raises DatabaseUnavailable: it is away
        """
        for wanted in callbacks.due(self._db):
            if self._stopping.is_set():
                return
            pause = retry.call_delay(wanted.attempt, self._delay)
            if callbacks.take(self._db, wanted, pause):
                self._call(wanted)
        if time.monotonic() > self._purged + _PURGE:
            options = self._conf.notify
            deliveries.purge(
                self._db, options.delivery_days, options.max_deliveries
            )
            self._purged = time.monotonic()

    def _call(self, wanted: callbacks.Due) -> None:
        last = wanted.attempt + 1 >= retry.CALLS
        # Looked at again: the list may be another one by now.
        if callback.allowed(wanted.url, self._conf.notify.callback_hosts):
            try:
                self._post(
                    wanted.url, state(wanted.operation), self._context()
                )
            except (callback.CallFailed, OSError) as error:
                LOG.warning(
                    "The callback of operation %s failed%s: %s",
                    wanted.operation.id,
                    " and is given up" if last else "",
                    error,
                )
                if not last:
                    return
        callbacks.done(self._db, wanted.id)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(
            cafile=self._conf.notify.callback_ca_file or None
        )


def state(operation: Operation) -> dict[str, Any]:
    """Make Docker Hub's object of an operation that has ended."""
    text = f"{operation.reference}: {operation.outcome or operation.state}"
    if operation.error_code:
        text += f" ({operation.error_code})"
    return {
        "state": _STATES[operation.state],
        "description": text[:255],
        "context": "reposync",
    }
