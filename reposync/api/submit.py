# SPDX-License-Identifier: Apache-2.0
"""Writes down what callers ask for, and nudges a conductor."""

import os
import queue
import threading
from typing import Any

from oslo_config import cfg
from oslo_log import log

from reposync import exception
from reposync import keys
from reposync import reference as ref
from reposync.api.webhooks import group_commit
from reposync.conductor import rpcapi
from reposync.db import models
from reposync.db.connection import session
from reposync.db.queue import deduplication
from reposync.db.queue import operations
from reposync.db.queue import waiting
from reposync.db.webhooks import deliveries

LOG = log.getLogger(__name__)

#: One that waits will be sent after whatever is committed by now.
_WAITING = 1


class Submitter:
    """Makes operations; the row first, then the nudge."""

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        db: session.Database,
        conductor: rpcapi.ConductorAPI,
    ):
        """Store what to work with."""
        self._conf = conf
        self._db = db
        self._folding = group_commit.Folding(db)
        self._nudger = Nudger(conductor)

    def pull(
        self,
        caller: Any,
        reference: ref.Reference,
        announced: deduplication.Announcement | None = None,
    ) -> models.Operation:
        """Ask for an image.

        :param announced: what a webhook told of it
        :raises InvalidReference: it names a digest
        :raises TooManyOperations: as many of the caller's project wait as may
        :raises DatabaseUnavailable: nothing was accepted
        """
        if reference.digest:
            raise exception.InvalidReference(
                f"{reference} names a digest, which never changes, so there "
                "is nothing to keep in step. Name a tag"
            )
        key = keys.pull_key(self._conf, reference)
        return self._submit(
            caller,
            "pull",
            key,
            reference=str(reference),
            announced=announced,
            # A webhook that is refused is an image that is missed.
            most=None if announced else self._most,
        )

    def delete(self, caller: Any, image_id: str) -> models.Operation:
        """Ask for the deletion of an image.

        :raises TooManyOperations: as many of the caller's project wait as may
        :raises DatabaseUnavailable: nothing was accepted
        """
        key = keys.delete_key(self._conf, image_id)
        return self._submit(
            caller, "delete", key, image_id=image_id, most=self._most
        )

    def sync(self, caller: Any) -> models.Operation:
        """Ask for all listed repositories.

        It is never too many: no more than one of a project waits.

        :raises DatabaseUnavailable: nothing was accepted
        """
        return self._submit(caller, "sync", keys.sync_key(self._conf))

    def deliver(
        self,
        caller: Any,
        request: operations.Request,
        delivery: deliveries.Delivery,
    ) -> models.Operation | None:
        """Ask for what a webhook tells of.

        :returns: None for a repeated delivery
        :raises DatabaseUnavailable: nothing was accepted
        """
        if delivery == deliveries.Delivery():
            # It can never come again, so it may be one of many.
            return self._announced(caller, self._folding.submit(request))
        operation = deliveries.submit(self._db, request, delivery)
        return operation and self._announced(caller, operation)

    @property
    def _most(self) -> int | None:
        """How many operations of a project may wait; None for any number."""
        return self._conf.api.max_waiting or None

    def _submit(
        self, caller: Any, kind: str, key: str, **values: Any
    ) -> models.Operation:
        request = operations.Request(
            kind,
            key,
            project_id=caller.project_id,
            user_id=caller.user_id,
            request_id=caller.request_id,
            **values,
        )
        operation = self._announced(caller, self._folding.submit(request))
        if operation.request_id != caller.request_id and waiting.hurry(
            self._db, operation.id
        ):
            # A person asks again, and so ends the pause after a failure.
            # Webhooks do not: a storm would use up all attempts.
            self._nudger.nudge(caller, operation.id)
            return operations.get(self._db, operation.id)
        return operation

    def _announced(
        self, caller: Any, operation: models.Operation
    ) -> models.Operation:
        # From here on the lines of this request name it, too.
        caller.resource_uuid = operation.id
        if operation.request_id == caller.request_id:
            # Whoever joined a waiting one need not announce it again.
            self._nudger.nudge(caller, operation.id)
        return operation


class Nudger:
    """Sends nudges from a thread, so that no answer waits for the broker.

    A nudge that is lost costs seconds: conductors look for themselves.
    """

    def __init__(self, conductor: rpcapi.ConductorAPI):
        """Store where to send them; the thread comes with the first."""
        self._conductor = conductor
        self._queue: queue.Queue[tuple[Any, str]] = queue.Queue(_WAITING)
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._away = False

    def nudge(self, caller: Any, operation_id: str) -> None:
        """Send one soon, unless one waits: it tells all there is to tell.

        A conductor that is woken looks for everything that waits.
        """
        self._ensure_thread()
        try:
            self._queue.put_nowait((caller, operation_id))
        except queue.Full:
            LOG.debug("A nudge waits that serves %s, too", operation_id)

    def _ensure_thread(self) -> None:
        # WSGI servers fork after the application was made; threads stay
        # behind, so each process starts its own.
        with self._lock:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(
                    target=self._run, name="nudger", daemon=True
                ).start()

    def _run(self) -> None:
        while True:
            self._send(*self._queue.get())

    def _send(self, caller: Any, operation_id: str) -> None:
        try:
            self._conductor.process(caller, operation_id)
        except exception.ConductorUnavailable as error:
            if not self._away:
                LOG.warning(
                    "Nudges do not reach a conductor, which finds operations "
                    "by itself a little later: %s",
                    error.message,
                )
            self._away = True
        except Exception:
            LOG.exception("The nudge for operation %s failed", operation_id)
        else:
            if self._away:
                LOG.info("Nudges reach a conductor again")
            self._away = False
