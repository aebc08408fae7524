# SPDX-License-Identifier: Apache-2.0
"""The conductor's ears: nudges, and questions about the catalogue."""

import threading
import time
from typing import Any

from oslo_config import cfg
from oslo_log import log

from reposync import broker
from reposync import exception
from reposync import rpc
from reposync.conductor import bell as conductor_bell
from reposync.conductor import endpoint
from reposync.conductor.telemetry import outage
from reposync.db import deployment
from reposync.db.connection import session as db_session
from reposync.db.queue import operations
from reposync.drivers import base as driver

LOG = log.getLogger(__name__)

#: Threads for nudges, which only set a flag, and for lists of the catalogue,
#: which wait for it.  They have queues of their own: however slow the
#: catalogue is, nudges do not wait behind it.
_NUDGE_THREADS = 1
_CATALOGUE_THREADS = 4
#: Seconds between two attempts to begin.
_PAUSE = 5.0


class Listener:
    """Listens for messages of this deployment as soon as it can.

    The conductor does not need the broker, nor the broker's answer to begin:
    it finds what waits by looking.
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        db: db_session.Database,
        host: str,
        driver: driver.Driver,
        bell: conductor_bell.Bell,
    ):
        """Store what to listen for; `start` begins."""
        self._conf, self._db, self._host = conf, db, host
        self._driver, self._bell = driver, bell
        self._broker = outage.Outage("The message bus")
        self._stopping = threading.Event()
        self._servers: list[Any] = []

    def start(self) -> None:
        """Begin in a thread: it waits for the database and the broker."""
        threading.Thread(target=self._run, name="listen", daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        self._stopping.set()
        self._forget()

    def _forget(self) -> None:
        while self._servers:
            self._servers.pop().stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            begun = time.monotonic()
            try:
                # The workers say it if the database is away.
                name = deployment.identity(self._db)
                broker.probe(self._conf)
                self._listen(name)
            except exception.DatabaseUnavailable:
                LOG.debug("The database does not tell who to listen to yet")
            except Exception as error:  # noqa: BLE001 (said, and tried again)
                self._forget()
                self._broker.begun(error, broker.words(error))
            else:
                self._broker.over(begun)
                LOG.info("Listening on the message bus")
                return
            self._stopping.wait(_PAUSE)

    def _listen(self, name: str) -> None:
        transport = rpc.get_transport(self._conf)
        nudges = endpoint.Nudges(self._bell, self._is_ours)
        for topic, answers, threads in (
            (rpc.nudge_topic(name), nudges, _NUDGE_THREADS),
            (
                rpc.catalogue_topic(name),
                endpoint.Catalogue(self._driver),
                _CATALOGUE_THREADS,
            ),
        ):
            server = rpc.get_server(transport, topic, self._host, answers)
            server.start(override_pool_size=threads)
            self._servers.append(server)

    def _is_ours(self, operation_id: str) -> bool:
        try:
            operations.get(self._db, operation_id)
        except exception.OperationNotFound:
            return False
        except exception.DatabaseUnavailable:
            return True
        return True
