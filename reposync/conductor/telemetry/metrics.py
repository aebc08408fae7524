# SPDX-License-Identifier: Apache-2.0
"""Counts what a conductor does, for Prometheus.

Served by the conductor itself: what it counts is in its own memory, and the
API may be any number of processes behind one address.
"""

from wsgiref import simple_server

from oslo_config import cfg
from oslo_log import log
import prometheus_client

from reposync.conductor.telemetry import events
from reposync.conductor.telemetry import gauges
from reposync.db import models

LOG = log.getLogger(__name__)

_SECONDS = (1, 3, 10, 30, 60, 180, 600, 1800, 3600)


class Metrics:
    """Listens to events; `registry` has the numbers.

    :param collectors: of numbers that are looked up when they are asked for
    """

    def __init__(self, *collectors: gauges.Collector):
        """Begin at nought."""
        self.registry = registry = prometheus_client.CollectorRegistry()
        prometheus_client.ProcessCollector(registry=registry)
        self._ended = prometheus_client.Counter(
            "reposync_operations_ended",
            "Operations that ended here",
            ["kind", "state", "outcome"],
            registry=registry,
        )
        self._retries = prometheus_client.Counter(
            "reposync_retries",
            "Attempts that failed and will be repeated",
            ["kind", "error"],
            registry=registry,
        )
        self._losses = prometheus_client.Counter(
            "reposync_lease_losses",
            "Operations that went to another conductor while this one worked",
            registry=registry,
        )
        self._seconds = prometheus_client.Histogram(
            "reposync_copy_seconds",
            "Seconds from the claim of a pull until its image was current",
            buckets=_SECONDS,
            registry=registry,
        )
        self._jobs = gauges.Jobs()
        for collector in (self._jobs, *collectors):
            registry.register(collector)
        self._begin_at_nought()

    def _begin_at_nought(self) -> None:
        # A series that appears with its first event hides that event from
        # rates.
        for kind in models.KINDS:
            for state in models.FINISHED:
                pulled = kind == "pull" and state == "succeeded"
                for outcome in models.OUTCOMES if pulled else ("",):
                    self._ended.labels(kind, state, outcome)

    def hear(self, event: events.Event) -> None:
        """Count an event."""
        kind = event.operation.kind
        match event.name:
            case "begun" if event.job:
                self._jobs.begin(event.job)
            case "ended":
                self._ended.labels(
                    kind, event.state, event.outcome or ""
                ).inc()
                if event.job and event.outcome in ("created", "updated"):
                    self._seconds.observe(event.job.age)
            case "skipped":
                self._ended.labels(
                    "pull", event.state, event.outcome or ""
                ).inc(event.number)
            case "retried":
                self._retries.labels(kind, event.code).inc()
            case "lost":
                self._losses.inc()
            case "left" if event.job:
                self._jobs.end(event.job)


class Server:
    """Answers Prometheus, where the configuration names a port."""

    def __init__(self, conf: cfg.ConfigOpts, metrics: Metrics):
        """Store what to serve."""
        self._options = conf.metrics
        self._metrics = metrics
        self._server: simple_server.WSGIServer | None = None

    def start(self) -> None:
        """Listen.  If that fails, the work goes on unwatched."""
        options = self._options
        if not options.port:
            return
        try:
            self._server, _ = prometheus_client.start_http_server(
                options.port, options.bind_host, self._metrics.registry
            )
        except OSError as error:
            LOG.error(
                "Metrics cannot be served on %s, port %d: %s",
                options.bind_host,
                options.port,
                error.strerror or error,
            )
            return
        LOG.info("Metrics on %s, port %d", options.bind_host, options.port)

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
