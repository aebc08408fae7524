# SPDX-License-Identifier: Apache-2.0
"""Numbers that are looked up when Prometheus asks for them."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
import threading
import time

from oslo_log import log
from prometheus_client import core
from prometheus_client import registry

from reposync import exception
from reposync.conductor import job as conductor_job
from reposync.db.connection import session as db_session
from reposync.db.queue import statistics
from reposync.db.webhooks import tallies
from reposync.sources.registry.transport import rate_limits

LOG = log.getLogger(__name__)

Collector = registry.Collector

#: Seconds that a look into the database counts.
_FRESH = 5.0
#: Seconds after which a look that does not end means: it is away.
_STALE = 30.0


class Jobs(Collector):
    """What the workers of this conductor are at, and have copied."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._running: set[conductor_job.Job] = set()
        self._copied = 0

    def begin(self, job: conductor_job.Job) -> None:
        """Note one more."""
        with self._lock:
            self._running.add(job)

    def end(self, job: conductor_job.Job) -> None:
        """Note one less."""
        with self._lock:
            self._running.discard(job)
            self._copied += _copied(job)

    def collect(self) -> Iterator[core.Metric]:
        """Count."""
        with self._lock:
            running = len(self._running)
            copied = self._copied + sum(map(_copied, self._running))
        yield core.GaugeMetricFamily(
            "reposync_jobs", "Operations this conductor works on", running
        )
        yield core.CounterMetricFamily(
            "reposync_copied_bytes",
            "Bytes of archives given to the catalogue, of failed copies, too",
            copied,
        )


def _copied(job: conductor_job.Job) -> int:
    phase, done, _ = job.latest or ("", 0, None)
    return done if phase == "copying" else 0


class Queue(Collector):
    """What waits and runs in all, by the database.

    All scrapes of some seconds are one look, and a look that hangs holds up
    one scrape only.
    """

    def __init__(self, db: db_session.Database):
        """Store where to look."""
        self._db = db
        self._looking = threading.Lock()
        self._seen: statistics.Queue | None = None
        self._at = float("-inf")

    def collect(self) -> Iterator[core.Metric]:
        """Look, if it is time to.  While the database is away, say so."""
        seen = self._look()
        yield core.GaugeMetricFamily(
            "reposync_database_up",
            "Whether the database answers this conductor",
            seen is not None,
        )
        if seen is None:
            return
        counts = core.GaugeMetricFamily(
            "reposync_operations",
            "Operations of all conductors that have not ended",
            labels=["kind", "state"],
        )
        for labels, number in sorted(seen.counts.items()):
            counts.add_metric(labels, number)
        yield counts
        yield core.GaugeMetricFamily(
            "reposync_oldest_waiting_seconds",
            "Age of the oldest operation that waits; 0 if none does",
            seen.oldest,
        )

    def _look(self) -> statistics.Queue | None:
        if self._looking.acquire(blocking=False):
            try:
                if time.monotonic() > self._at + _FRESH:
                    self._seen = self._ask()
                    self._at = time.monotonic()
            finally:
                self._looking.release()
        stale = time.monotonic() > self._at + _STALE
        return None if stale else self._seen

    def _ask(self) -> statistics.Queue | None:
        try:
            return statistics.queue(self._db)
        except exception.DatabaseUnavailable:
            # The workers log it.
            return None
        except Exception:
            LOG.exception("The queue cannot be counted")
            return None


class Webhooks(Collector):
    """What became of webhooks, by the database."""

    def __init__(self, db: db_session.Database):
        """Store where to look."""
        self._db = db

    def collect(self) -> Iterator[core.Metric]:
        """Look.  While the database is away, there are no numbers."""
        counts = core.CounterMetricFamily(
            "reposync_webhook_events",
            "Events of webhooks of all processes of the API, by receiver and "
            "what became of them",
            labels=["receiver", "result"],
        )
        try:
            found = tallies.read(self._db)
        except exception.DatabaseUnavailable:
            return
        for labels, number in sorted(found.items()):
            counts.add_metric(labels, number)
        yield counts


class Budgets(Collector):
    """What registries said last of their rate limits."""

    def __init__(
        self, budgets: Callable[[], Mapping[str, rate_limits.Budget]]
    ):
        """Store whom to ask."""
        self._budgets = budgets

    def collect(self) -> Iterator[core.Metric]:
        """Repeat what is not out of date."""
        left = core.GaugeMetricFamily(
            "reposync_registry_pulls_left",
            "Pulls a registry still allows, as it said last",
            labels=["registry"],
        )
        limit = core.GaugeMetricFamily(
            "reposync_registry_pulls_limit",
            "Pulls a registry allows in one window of time",
            labels=["registry"],
        )
        for host, budget in self._budgets().items():
            age = time.monotonic() - budget.at
            if budget.window and age > budget.window:
                continue
            left.add_metric([host], budget.remaining)
            if budget.limit is not None:
                limit.add_metric([host], budget.limit)
        yield left
        yield limit
