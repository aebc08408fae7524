# SPDX-License-Identifier: Apache-2.0
"""Chooses the source of an image."""

from collections.abc import Callable
import threading
import time

from oslo_config import cfg

from reposync import exception
from reposync import plugins
from reposync import reference as ref
from reposync import repositories
from reposync.conductor import troubles as conductor_troubles
from reposync.conductor.telemetry import outage
from reposync.sources import base as source
from reposync.sources.registry.transport import rate_limits

Load = Callable[[cfg.ConfigOpts, str], source.Source]


class Sources:
    """The sources of a conductor, each made when it is first needed.

    :param load: makes a source of a name
    :ivar troubles: which registries cannot be reached
    """

    def __init__(self, conf: cfg.ConfigOpts, load: Load = plugins.load_source):
        """Make the usual source; connect to nothing.

        :raises UnknownPlugin: the configuration names one that is not there
        """
        self._conf = conf
        self._load = load
        self._lock = threading.Lock()
        self._usual = conf.conductor.source
        self._made = {self._usual: load(conf, self._usual)}
        self.troubles = conductor_troubles.Troubles(conf)
        self._last: repositories.RepositoryList | None = None
        self._unread = outage.Outage("The list of repositories")

    def of(
        self, reference: ref.Reference, *, from_list: bool = False
    ) -> source.Source:
        """Give the source of an image.

        :param from_list: whether a list has named it, here or elsewhere
        :raises SourceError: its line of the list names an unknown one
        :raises RepositoriesUnreadable: nobody knows what its line says
        """
        listed = self._listed(needed=from_list)
        return self._get(listed.source_of(reference), reference)

    @property
    def usual(self) -> source.Source:
        """The source of images that name no other."""
        return self._made[self._usual]

    def name_of(self, reference: ref.Reference) -> str:
        """Give the name of the source of an image."""
        return self._listed().source_of(reference) or self._usual

    def named(self, name: str) -> source.Source:
        """Give the source of a name.

        :raises SourceError: there is none
        """
        with self._lock:
            try:
                if name not in self._made:
                    self._made[name] = self._load(self._conf, name)
                return self._made[name]
            except plugins.UnknownPlugin as error:
                raise exception.SourceError(
                    f"There is no source {name!r}. {error}"
                ) from error

    def budgets(self) -> dict[str, rate_limits.Budget]:
        """Tell what registries said of their rate limits, by host."""
        with self._lock:
            made = list(self._made.values())
        return {
            host: budget
            for each in made
            for host, budget in each.budgets().items()
        }

    def chooser(
        self, listed: repositories.RepositoryList
    ) -> Callable[[ref.Reference], source.Source]:
        """Give `of` for many images, by a list that was read already."""
        return lambda reference: self._get(
            listed.source_of(reference), reference
        )

    def _listed(self, *, needed: bool = False) -> repositories.RepositoryList:
        path = self._conf.repositories.file
        try:
            found = repositories.RepositoryList.load(path)
        except exception.RepositoriesUnreadable as error:
            if self._last is not None:
                self._unread.begun(error)
                return self._last
            missing = isinstance(error.__cause__, FileNotFoundError)
            if needed or not missing:
                raise
            # There is no list, so nothing is chosen.
            return repositories.RepositoryList()
        self._unread.over(time.monotonic())
        self._last = found
        return found

    def _get(
        self, name: str | None, reference: ref.Reference
    ) -> source.Source:
        try:
            return self.named(name or self._usual)
        except exception.SourceError as error:
            raise exception.SourceError(
                f"The list of repositories gives {reference} a source that "
                f"cannot be had. {error.message}"
            ) from error
