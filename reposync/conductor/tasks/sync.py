# SPDX-License-Identifier: Apache-2.0
"""Begins a synchronisation: one pull for each repository on the list."""

import dataclasses

from oslo_config import cfg
from oslo_log import log

from reposync import exception
from reposync import keys
from reposync import reference as ref
from reposync import repositories
from reposync.conductor import job as conductor_job
from reposync.conductor import sources as conductor_sources
from reposync.conductor.tasks import unchanged
from reposync.conductor.telemetry import events as conductor_events
from reposync.db.connection import session as db_session
from reposync.db.queue import batches
from reposync.db.queue import operations
from reposync.drivers import base as driver

LOG = log.getLogger(__name__)


class Sync:
    """Writes down the parts of synchronisations."""

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        db: db_session.Database,
        sources: conductor_sources.Sources,
        driver: driver.Driver,
        events: conductor_events.Events,
    ):
        """Store what it needs."""
        self._conf = conf
        self._db = db
        self._sources = sources
        self._driver = driver
        self._events = events

    def begin(self, job: conductor_job.Job) -> None:
        """Write down the parts, and leave the rest to them.

        Whoever calls it settles afterwards: there may be nothing to do.

        What did not change is written down as done.  What an attempt that
        died wrote down before is not written again.  A line of the list
        that is no name becomes a part that failed.

        :raises RepositoriesUnreadable: there is no list
        :raises CatalogueError: the catalogue cannot be listed
        :raises OperationCancelled: somebody cancelled it; its parts, too
        """
        listed = repositories.RepositoryList.load(self._conf.repositories.file)
        known = batches.children(self._db, job.operation.id)
        for line in listed.bad_lines:
            if line.text[:512] not in known:
                self._add_bad_line(job, line)
        references = [
            reference
            for reference in listed.references()
            if str(reference) not in known
        ]
        for found in unchanged.look(
            self._conf,
            self._sources,
            self._driver,
            listed,
            references,
            job.check,
        ):
            self._add(job, found)
        batches.leave_to_children(self._db, job.lease)

    def _add(self, job: conductor_job.Job, found: unchanged.Found) -> None:
        noted = self._note_unchanged(job, found)
        for reference, image in found:
            if image is None or not noted:
                job.check()
                self._submit(job, reference)

    def _note_unchanged(
        self, job: conductor_job.Job, found: unchanged.Found
    ) -> bool:
        """Write down all that needs no work; False if that cannot be."""
        same = [
            (self._part(job, reference), image.to_dict())
            for reference, image in found
            if image is not None
        ]
        try:
            batches.add_unchanged(self._db, same)
        except exception.ReposyncError:
            raise
        except Exception:
            # One of them may be odd: each gets an operation of its own.
            LOG.exception("Parts cannot be written down together")
            return False
        self._skipped(job, len(same), "succeeded", "unchanged")
        return True

    def _submit(
        self, job: conductor_job.Job, reference: ref.Reference
    ) -> None:
        try:
            operations.submit(self._db, self._part(job, reference))
        except exception.ReposyncError:
            raise
        except Exception:
            # Whatever it is about this one, the others go on.
            LOG.exception("%s cannot be written down", reference)
            self._add_failed(
                job,
                str(reference),
                exception.InvalidReference(
                    f"{str(reference)[:200]} cannot be written down; the "
                    "conductor's log tells more"
                ),
            )

    def _part(
        self, job: conductor_job.Job, reference: ref.Reference
    ) -> operations.Request:
        return dataclasses.replace(
            _request(job),
            image_key=keys.pull_key(self._conf, reference),
            reference=str(reference),
        )

    def _add_bad_line(
        self, job: conductor_job.Job, line: repositories.BadLine
    ) -> None:
        message = (
            f"Line {line.number} of {self._conf.repositories.file}: "
            f"{line.reason}"
        )
        LOG.warning("%s", message)
        self._add_failed(job, line.text, exception.InvalidReference(message))

    def _add_failed(
        self,
        job: conductor_job.Job,
        text: str,
        error: exception.ReposyncError,
    ) -> None:
        failed = dataclasses.replace(
            _request(job),
            image_key=keys.sync_key(self._conf),
            reference=text[:512],
        )
        batches.add_failed(self._db, failed, error)
        self._skipped(job, 1, "failed")

    def _skipped(
        self,
        job: conductor_job.Job,
        number: int,
        state: str,
        outcome: str | None = None,
    ) -> None:
        self._events.tell(
            "skipped", job, state=state, outcome=outcome, number=number
        )


def _request(job: conductor_job.Job) -> operations.Request:
    return operations.Request(
        kind="pull",
        image_key="",
        project_id=job.operation.project_id,
        user_id=job.operation.user_id,
        request_id=job.operation.request_id,
        parent_id=job.operation.id,
    )
