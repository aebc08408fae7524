# SPDX-License-Identifier: Apache-2.0
"""Carries out one operation, from the claim to its end."""

from oslo_config import cfg
from oslo_log import log

from reposync import exception
from reposync import reference as ref
from reposync import retry
from reposync.conductor import job as conductor_job
from reposync.conductor import sources as conductor_sources
from reposync.conductor.tasks import settling
from reposync.conductor.tasks import sync
from reposync.conductor.tasks import upstream_deletion
from reposync.conductor.telemetry import events as conductor_events
from reposync.conductor.upkeep import intents as conductor_traces
from reposync.db.connection import session as db_session
from reposync.db.queue import leases
from reposync.drivers import base as driver

LOG = log.getLogger(__name__)


class Worker:
    """Knows how to do each kind of operation.

    One instance serves all threads of a conductor.
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        db: db_session.Database,
        sources: conductor_sources.Sources,
        driver: driver.Driver,
        traces: conductor_traces.Traces,
        events: conductor_events.Events | None = None,
    ):
        """Store what work is done with, and who is told of it."""
        self._conf = conf
        self._db = db
        self._sources = sources
        self._driver = driver
        self._traces = traces
        self._events = events or conductor_events.Events()
        self._kinds = {
            "pull": self._pull,
            "delete": self._delete,
            "sync": self._sync,
        }

    def run(self, job: conductor_job.Job) -> None:
        """Do the work and write down how it ended.

        :raises LeaseLost: the end could not be written: not ours any more
        :raises DatabaseUnavailable: likewise; the operation is taken over
            when its lease has run out
        """
        operation = job.operation
        LOG.info(
            "Operation %s begins: %s %s, attempt %d",
            operation.id,
            operation.kind,
            operation.reference or operation.image_id or "",
            operation.attempt,
        )
        self._events.tell("begun", job)
        try:
            self._refuse_endless(job)
            job.check()
            self._kinds[operation.kind](job)
        except (exception.LeaseLost, exception.DatabaseUnavailable):
            raise
        except exception.ReposyncError as error:
            # What was to be stopped may have failed for another reason first.
            self._end_badly(job, job.stopped_by or error)
        except Exception as error:
            # Nobody foresaw it: the log gets it all, callers a neutral text.
            LOG.exception("Operation %s failed unexpectedly", operation.id)
            self._end_badly(job, _unexpected(error))
        self._traces.after(job)
        if operation.parent_id or operation.kind == "sync":
            self._events.settle(self._db)

    def _pull(self, job: conductor_job.Job) -> None:
        reference = ref.Reference.parse(job.operation.reference or "")
        platform = self._conf.conductor.platform
        self._traces.before(job)
        from_list = job.operation.parent_id is not None
        source = self._sources.of(reference, from_list=from_list)
        told = settling.Settling(job)
        begin = self._traces.at_source(job, self._sources.name_of(reference))
        with told.pushed(reference):
            with self._sources.troubles.watched(reference.registry):
                resolved = source.resolve(reference, platform)
            job.check()
            told.expect(resolved)
            image, outcome = self._driver.image_updated(
                reference,
                resolved,
                source.archive(resolved, job.progress, begin),
                conductor_traces.Attempt(self._db, job),
            )
        self._succeed(job, outcome, image)

    def _delete(self, job: conductor_job.Job) -> None:
        if job.operation.reference is not None:
            self._follow(job, ref.Reference.parse(job.operation.reference))
            return
        image = self._driver.image(job.operation.image_id or "")
        job.confirm(self._db)
        self._driver.delete(image.id)
        self._succeed(job, None, image)

    def _follow(
        self, job: conductor_job.Job, reference: ref.Reference
    ) -> None:
        image = upstream_deletion.Gone(
            self._conf, self._db, self._sources, self._driver
        ).follow(job, reference)
        outcome: driver.Outcome | None = None if image else "unchanged"
        self._succeed(job, outcome, image)

    def _sync(self, job: conductor_job.Job) -> None:
        parts = sync.Sync(
            self._conf, self._db, self._sources, self._driver, self._events
        )
        parts.begin(job)

    def _succeed(
        self,
        job: conductor_job.Job,
        outcome: driver.Outcome | None,
        image: driver.Image | None,
    ) -> None:
        shown = image.to_dict() if image else None
        leases.finish(
            self._db,
            job.lease,
            "succeeded",
            outcome=outcome,
            image=shown,
            progress=job.latest,
        )
        self._events.tell(
            "ended",
            job,
            state="succeeded",
            outcome=outcome,
            image=shown,
        )
        LOG.info(
            "Operation %s succeeded: %s",
            job.operation.id,
            outcome or job.operation.kind,
        )

    def _refuse_endless(self, job: conductor_job.Job) -> None:
        allowed = self._conf.conductor.max_attempts
        if job.operation.attempt > allowed:
            raise exception.TooManyAttempts(
                f"Begun {allowed} times without reaching an end. "
                f"Last error: {job.operation.error_message or 'none known'}"
            )

    def _end_badly(
        self, job: conductor_job.Job, error: exception.ReposyncError
    ) -> None:
        options, attempt = self._conf.conductor, job.operation.attempt
        match error:
            case exception.StoppingService():
                leases.give_back(self._db, job.lease, 0, count=False)
                self._events.tell("returned", job, state="queued")
                LOG.info("Operation %s is handed back", job.operation.id)
            case exception.OperationCancelled():
                leases.finish(self._db, job.lease, "cancelled", error=error)
                self._events.tell("ended", job, error, state="cancelled")
                LOG.info("Operation %s was cancelled", job.operation.id)
            case _ if retry.may_repeat(error, attempt, options.max_attempts):
                delay = retry.operation_delay(
                    attempt, options.retry_delay, error.retry_after
                )
                if delay > job.rest:
                    self._fail(job, job.too_old(error.message))
                    return
                count = retry.counts(error)
                leases.give_back(
                    self._db, job.lease, delay, error=error, count=count
                )
                self._events.tell("retried", job, error, state="queued")
                LOG.warning(
                    "Operation %s is tried again in %d s: %s",
                    job.operation.id,
                    delay,
                    error.message,
                )
            case _:
                self._fail(job, error)

    def _fail(
        self, job: conductor_job.Job, error: exception.ReposyncError
    ) -> None:
        leases.finish(self._db, job.lease, "failed", error=error)
        self._events.tell("ended", job, error, state="failed")
        LOG.error("Operation %s failed: %s", job.operation.id, error.message)


class _Unexpected(exception.ReposyncError):
    retryable = True


def _unexpected(error: Exception) -> exception.ReposyncError:
    return _Unexpected(
        f"The conductor met an unexpected error ({type(error).__name__}). "
        "Its log tells more under the id of the operation"
    )
