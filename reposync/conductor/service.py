# SPDX-License-Identifier: Apache-2.0
"""The conductor as a service: what it starts and how it stops."""

import os
import socket
import threading
from typing import Any

from oslo_config import cfg
from oslo_log import log
from oslo_service import service
from oslo_utils import uuidutils

from reposync import exception
from reposync import plugins
from reposync import rpc
from reposync.conductor import bell as conductor_bell
from reposync.conductor import endpoint
from reposync.conductor import followup
from reposync.conductor import manager as conductor_manager
from reposync.conductor import sources as conductor_sources
from reposync.conductor import worker as conductor_worker
from reposync.db import session
from reposync.drivers import base as driver

LOG = log.getLogger(__name__)

# Retries grow to 5 s: this many bridge an outage of about three minutes.
_PATIENT = 40
_QUICK = 2
#: Nudges only set a flag and reads are few: no need for oslo's 64 threads.
_RPC_THREADS = 4
#: Kept of the graceful shutdown for handing back what did not end in time.
_HAND_BACK = 10


class ConductorService(service.Service):
    """A conductor.

    ``__init__`` runs before the service forks and only stores; everything
    that connects is made in `start`.
    """

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration."""
        super().__init__()
        self._conf = conf
        self._done = threading.Event()

    def start(self) -> None:
        """Start the workers, then listen for nudges.

        The workers do not need the message bus: they find what waits by
        looking.  So the service starts while the broker is down.
        """
        conf = self._conf
        sources = conductor_sources.Sources(conf)
        driver = plugins.load_driver(conf)
        bell = conductor_bell.Bell(conf.conductor.workers)
        db = session.Database(conf, retries=_PATIENT)
        owner = f"{socket.gethostname()}:{os.getpid()}:{_incarnation()}"
        self._manager = conductor_manager.Manager(
            conf,
            owner,
            db,
            session.Database(conf, retries=_QUICK),
            conductor_worker.Worker(conf, db, sources, driver),
            bell,
        )
        self._manager.start()
        self._followup = followup.FollowUp(
            conf, session.Database(conf, retries=_QUICK)
        )
        self._followup.start()
        self._server: Any = None
        for target in (self._listen, self._check):
            threading.Thread(
                target=target,
                args=(driver, bell),
                name=target.__name__.strip("_"),
                daemon=True,
            ).start()
        LOG.info("The conductor %s has started", owner)

    def stop(self, graceful: bool = True) -> None:
        """End running work within the graceful shutdown timeout."""
        timeout = self._conf.graceful_shutdown_timeout or 60
        self._followup.stop()
        self._manager.stop(max(0.0, timeout - _HAND_BACK))
        if self._server is not None:
            self._server.stop()
        self._done.set()
        super().stop()
        LOG.info("The conductor has stopped")

    def wait(self) -> None:
        """Wait until the service is stopped."""
        self._done.wait()
        super().wait()

    def _listen(
        self, driver: driver.Driver, bell: conductor_bell.Bell
    ) -> None:
        # It blocks for as long as the broker is away; hence the thread.
        try:
            server = rpc.get_server(
                rpc.get_transport(self._conf),
                socket.gethostname(),
                endpoint.Endpoint(driver, bell),
            )
            server.start(override_pool_size=_RPC_THREADS)
        except Exception:
            LOG.exception("Nudges cannot be received; polling goes on")
            return
        self._server = server
        LOG.info("Listening on the message bus")

    def _check(self, driver: driver.Driver, bell: conductor_bell.Bell) -> None:
        try:
            driver.check()
        except exception.ReposyncError as error:
            LOG.error("The catalogue is not ready: %s", error.message)


def _incarnation() -> str:
    return str(uuidutils.generate_uuid())[:8]
