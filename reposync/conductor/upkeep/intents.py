# SPDX-License-Identifier: Apache-2.0
"""Removes what attempts have begun that died.

Whatever a driver or a source makes is written down before.  The next attempt
for the same image removes it before it begins; what nobody works on any more
is removed by the sweeps of all conductors.
"""

from collections.abc import Callable
import functools
import itertools

from oslo_log import log

from reposync import exception
from reposync.conductor import job as conductor_job
from reposync.conductor import sources as conductor_sources
from reposync.db import models
from reposync.db.connection import session as db_session
from reposync.db.queue import intents
from reposync.drivers import base as driver

LOG = log.getLogger(__name__)

#: A request that nobody waits for any more may be carried out until then.
_LATE = 15 * 60
_PAGE = 100
#: Errors that tell of the account or the set-up, and nothing of the thing
#: itself: it may well be there, and can be removed when they are mended.
_SHUT_OUT = (
    exception.CatalogueDenied,
    exception.CatalogueUnsuitable,
    exception.RegistryDenied,
)


class Attempt:
    """What a driver asks in the middle of its work; see `driver.Commit`."""

    def __init__(self, db: db_session.Database, job: conductor_job.Job):
        """Store whose attempt it is."""
        self._db = db
        self._job = job

    def begin(self, image_id: str) -> None:
        """See `driver.Commit`."""
        intents.add(self._db, self._job.lease, intents.CATALOGUE, image_id)

    def check(self) -> None:
        """See `driver.Commit`."""
        self._job.confirm(self._db)

    def __call__(self, image: driver.Image) -> None:
        """See `driver.Commit`."""
        self._job.confirm(self._db)


class Traces:
    """Writes down what is begun, and removes what is left.

    :param db: for attempts; a short outage is waited for
    :param quick_db: for sweeps; gives up soon
    :param host: what of the sources only this host reaches
    """

    def __init__(
        self,
        db: db_session.Database,
        quick_db: db_session.Database,
        sources: conductor_sources.Sources,
        driver: driver.Driver,
        host: str,
    ):
        """Store where to look."""
        self._db = db
        self._quick_db = quick_db
        self._sources = sources
        self._driver = driver
        self._host = host
        self._last = ""

    def at_source(
        self, job: conductor_job.Job, source: str
    ) -> Callable[[str], None]:
        """Give what a source calls before it makes something."""
        return functools.partial(
            intents.add, self._db, job.lease, source, host=self._host
        )

    def before(self, job: conductor_job.Job) -> None:
        """Remove what earlier attempts left at the image of this one.

        What the catalogue still works on is in nobody's way.

        :raises ReposyncError: it could not be removed for now
        """
        for trace in intents.of_others(self._db, job.lease, self._host):
            try:
                self._remove(self._db, trace)
            except exception.ImageBusy as error:
                LOG.info("%s remains for now: %s", trace.name, error.message)

    def after(self, job: conductor_job.Job) -> None:
        """Forget what has found its end; the rest is for the sweeps."""
        try:
            for trace in intents.of_attempt(self._db, job.lease):
                self._remove(self._db, trace)
        except exception.ReposyncError as error:
            LOG.debug("Something may remain for now: %s", error.message)

    def sweep(self) -> None:
        """Look at some of what is left, and at others the next time.

        :raises DatabaseUnavailable: nobody can tell
        """
        found = intents.of_dead(self._quick_db, self._host, _PAGE, self._last)
        self._last = found[-1].id if len(found) == _PAGE else ""
        for place, group in itertools.groupby(
            sorted(found, key=lambda trace: trace.place),
            key=lambda trace: trace.place,
        ):
            try:
                for trace in group:
                    self._sweep(trace)
            except exception.DatabaseUnavailable:
                raise
            except _SHUT_OUT as error:
                LOG.warning(
                    "What dead attempts left at %s is kept in mind, and is "
                    "removed when this is mended: %s",
                    place,
                    error.message,
                )
            except exception.ReposyncError as error:
                # Whoever needs it says so; here it is a matter of time.
                LOG.debug("%s is not swept now: %s", place, error.message)

    def _sweep(self, trace: models.Trace) -> None:
        try:
            self._remove(self._quick_db, trace)
        except exception.ImageBusy as error:
            # This one has to wait; others need not.
            LOG.debug("%s remains for now: %s", trace.name, error.message)

    def _remove(self, db: db_session.Database, trace: models.Trace) -> None:
        """Remove what a trace names, and forget the trace.

        :raises ReposyncError: it may be there, and could not be removed for
            now; the trace stays
        """
        try:
            found = self._discard(trace)
        except exception.ReposyncError as error:
            if error.retryable or isinstance(error, _SHUT_OUT):
                raise
            LOG.error(
                "%s of a dead attempt remains at %s and has to be removed by "
                "hand: %s",
                trace.name,
                trace.place,
                error.message,
            )
            found = True
        intents.forget(db, trace, 0 if found else _LATE)

    def _discard(self, trace: models.Trace) -> bool:
        if trace.place == intents.CATALOGUE:
            return self._driver.discard(trace.name)
        return self._sources.named(trace.place).discard(trace.name)
