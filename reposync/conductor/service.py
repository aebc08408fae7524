# SPDX-License-Identifier: Apache-2.0
"""The conductor as a service: what it starts and how it stops."""

from collections.abc import Callable
import socket
import threading

from oslo_config import cfg
from oslo_log import log
from oslo_service import service

from reposync import plugins
from reposync.conductor import bell as conductor_bell
from reposync.conductor import listener
from reposync.conductor import manager as conductor_manager
from reposync.conductor import sources as conductor_sources
from reposync.conductor import worker as conductor_worker
from reposync.conductor.telemetry import events as conductor_events
from reposync.conductor.telemetry import gauges
from reposync.conductor.telemetry import metrics as conductor_metrics
from reposync.conductor.telemetry import notifications
from reposync.conductor.telemetry import outage
from reposync.conductor.upkeep import callbacks
from reposync.conductor.upkeep import housekeeping
from reposync.conductor.upkeep import intents as conductor_traces
from reposync.conductor.upkeep import liveness as conductor_owner
from reposync.conductor.upkeep import presence
from reposync.conductor.upkeep import purger
from reposync.db.connection import session
from reposync.drivers import base as driver

LOG = log.getLogger(__name__)

# Retries grow to 5 s: this many bridge an outage of about three minutes.
_PATIENT = 40
_QUICK = 2
#: Kept of the graceful shutdown for handing back what did not end in time.
_HAND_BACK = 15
#: Seconds, of which threads cannot wait for an infinite number.
_ENDLESS = 10 * 365 * 24 * 3600.0
#: Seconds for the last notifications.
_FAREWELL = 1.0


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
        db, quick_db = (session.Database(conf, n) for n in (_PATIENT, _QUICK))
        host = conf.conductor.host or socket.gethostname()
        owner = conductor_owner.make(host)
        database = outage.Outage("The database")
        traces = conductor_traces.Traces(db, quick_db, sources, driver, host)
        events = self._watch(quick_db, sources)
        self._manager = conductor_manager.Manager(
            conf,
            owner,
            db,
            quick_db,
            conductor_worker.Worker(conf, db, sources, driver, traces, events),
            bell,
            database,
            events,
        )
        self._presence = presence.Presence(quick_db, owner, host, database)
        self._keeper = housekeeping.Keeper(
            conf,
            owner,
            quick_db,
            traces,
            _checks(sources, driver),
            database,
            self._presence.note,
        )
        self._purger = purger.Purger(conf, db)
        self._followup = callbacks.FollowUp(conf, quick_db, database=database)
        self._listener = listener.Listener(conf, quick_db, host, driver, bell)
        self._presence.start()
        self._manager.start()
        for each in (self._keeper, self._purger, self._followup):
            each.start()
        self._listener.start()
        LOG.info("The conductor %s has started", owner)

    def stop(self, graceful: bool = True) -> None:
        """End running work within the graceful shutdown timeout."""
        self._keeper.stop()
        self._purger.stop()
        self._followup.stop()
        timeout = self._conf.graceful_shutdown_timeout
        # oslo.service's 0: as long as it takes.
        patience = max(0.0, timeout - _HAND_BACK) if timeout else _ENDLESS
        self._manager.stop(patience)
        self._notifications.stop(_FAREWELL)
        self._metrics.stop()
        self._listener.stop()
        self._presence.stop(_FAREWELL)
        self._done.set()
        super().stop()
        LOG.info("The conductor has stopped")

    def reset(self) -> None:
        """Take over options that have changed.

        All others are read when they are needed.
        """
        self._purger.wake()

    def wait(self) -> None:
        """Wait until the service is stopped."""
        self._done.wait()
        super().wait()

    def _watch(
        self, db: session.Database, sources: conductor_sources.Sources
    ) -> conductor_events.Events:
        metrics = conductor_metrics.Metrics(
            gauges.Queue(db),
            gauges.Webhooks(db),
            gauges.Budgets(sources.budgets),
        )
        self._metrics = conductor_metrics.Server(self._conf, metrics)
        self._metrics.start()
        self._notifications = notifications.Notifications(self._conf)
        self._notifications.start()
        return conductor_events.Events(metrics.hear, self._notifications.hear)


def _checks(
    sources: conductor_sources.Sources, driver: driver.Driver
) -> dict[str, Callable[[], None]]:
    return {"The catalogue": driver.check, "The source": sources.usual.check}
