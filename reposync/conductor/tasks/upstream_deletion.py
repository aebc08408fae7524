# SPDX-License-Identifier: Apache-2.0
"""Deletes images that are gone from their registry, after a webhook said so.

A webhook is a hint, so the registry is asked: what it still has stays.  The
operation has the key of the image's pulls, so neither meets the other half
done, and whichever runs last leaves what the registry had last.
"""

from oslo_config import cfg
from oslo_log import log

from reposync import exception
from reposync import keys
from reposync import reference as ref
from reposync import repositories
from reposync.conductor import job as conductor_job
from reposync.conductor import sources as conductor_sources
from reposync.conductor.tasks import settling
from reposync.db.connection import session as db_session
from reposync.db.queue import operations
from reposync.drivers import base as driver
from reposync.sources import errors

LOG = log.getLogger(__name__)


class Gone:
    """Follows deletions in a registry."""

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        db: db_session.Database,
        sources: conductor_sources.Sources,
        driver: driver.Driver,
    ):
        """Store what it needs."""
        self._conf = conf
        self._db = db
        self._sources = sources
        self._driver = driver

    def follow(
        self, job: conductor_job.Job, reference: ref.Reference
    ) -> driver.Image | None:
        """Delete the image of a tag, or look which tags a digest had.

        :param reference: with a tag, or with a digest alone
        :returns: the image that was deleted; None if there was none to
            delete
        :raises SourceError: the registry does not say that it is gone
        :raises RegistryBehind: it may say so a little later
        :raises CatalogueError: the catalogue refused
        """
        if reference.tag is None:
            self._spread(job, reference)
            return None
        if self._is_there(job, reference):
            LOG.info("%s is still in its registry, and stays", reference)
            return None
        deleted = None
        for image in self._driver.find(reference):
            job.confirm(self._db)
            self._driver.delete(image.id)
            deleted = image
        return deleted

    def _is_there(
        self, job: conductor_job.Job, reference: ref.Reference
    ) -> bool:
        source = self._sources.of(reference)
        digest = None
        try:
            digest = source.resolve(
                reference, self._conf.conductor.platform
            ).digest
        except errors.PerhapsNotFound as error:
            raise exception.SourceUnavailable(
                f"The image of {reference} stays: its registry does not "
                f"clearly say that the tag is gone. {error.message}"
            ) from error
        except exception.ReferenceNotFound:
            return False
        except exception.PlatformNotFound:
            LOG.debug("%s is there for other platforms", reference)
        settling.Settling(job).expect_gone(reference, digest)
        return True

    def _spread(
        self, job: conductor_job.Job, reference: ref.Reference
    ) -> None:
        """Ask for a deletion of each tag that pointed at the digest."""
        listed = repositories.RepositoryList.load(self._conf.repositories.file)
        for image in self._driver.find(reference):
            job.check()
            tagged = ref.Reference.parse(reference.name, image.docker_tag)
            if not listed.may_delete(tagged):
                continue
            request = operations.Request(
                "delete",
                keys.name_key(self._conf, tagged),
                reference=str(tagged),
                project_id=job.operation.project_id,
                user_id=job.operation.user_id,
                request_id=job.operation.request_id,
                announced=settling.Settling(job).passed_on(),
                told=True,
            )
            operations.submit(self._db, request)
