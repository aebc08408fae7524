# SPDX-License-Identifier: Apache-2.0
"""Finds the images of a synchronisation that need no work.

The catalogue is listed once, and each registry asked for digests by several
threads: an image that did not change costs one question.
"""

import collections
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from concurrent import futures
import itertools
import threading

from oslo_config import cfg
from oslo_log import log

from reposync import context
from reposync import exception
from reposync import reference as ref
from reposync import repositories
from reposync.conductor import sources as conductor_sources
from reposync.conductor import troubles
from reposync.drivers import base as driver

LOG = log.getLogger(__name__)

_THREADS = 8
#: So many images are asked for at a time by one thread: to hand over a single
#: one costs half as much as the question.
_FEW = 20
#: And so many are written down together.
_CHUNK = 250
#: A registry is in trouble when so many images failed and none did not.
_ENOUGH = 3

#: References with the images that are in step with them; None for others.
Found = list[tuple[ref.Reference, driver.Image | None]]


def look(
    conf: cfg.ConfigOpts,
    sources: conductor_sources.Sources,
    catalogue: driver.Driver,
    listed: repositories.RepositoryList,
    references: Sequence[ref.Reference],
    check: Callable[[], None],
) -> Iterator[Found]:
    """Compare registries with the catalogue, some images at a time.

    An image whose registry does not answer counts as changed: its own
    operation will say why.

    :param listed: what chooses the sources of images
    :param check: called in between; what it raises ends it
    :raises CatalogueError: the catalogue cannot be listed
    """
    if not references:
        return
    platform = conf.conductor.platform
    digests_of = context.carried(_Digests(sources, listed, platform).of_some)
    current_of = context.carried(catalogue.current)
    with futures.ThreadPoolExecutor(_THREADS, "look") as pool:
        try:
            catalogued = pool.submit(current_of, platform)
            # All are asked for at once: while the catalogue is being listed,
            # and while the caller writes down what was found.
            digests = itertools.chain.from_iterable(
                pool.map(digests_of, _parts(references))
            )
            found = zip(references, digests, strict=True)
            while chunk := list(itertools.islice(found, _CHUNK)):
                check()
                current = catalogued.result()
                yield [
                    (reference, _same(current, reference, digest))
                    for reference, digest in chunk
                ]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class _Digests:
    """Asks for digests, and a registry that is in trouble only once."""

    def __init__(
        self,
        sources: conductor_sources.Sources,
        listed: repositories.RepositoryList,
        platform: str,
    ):
        self._source_of = sources.chooser(listed)
        self._troubles = sources.troubles
        self._platform = platform
        self._lock = threading.Lock()
        self._failures: collections.Counter[str] = collections.Counter()
        self._troubled: set[str] = set()

    def of_some(self, references: Sequence[ref.Reference]) -> list[str | None]:
        return [self._of(reference) for reference in references]

    def _of(self, reference: ref.Reference) -> str | None:
        if reference.registry in self._troubled:
            return None
        try:
            source = self._source_of(reference)
            with self._troubles.watched(reference.registry):
                found = source.resolve(reference, self._platform)
            self._failures.pop(reference.registry, None)
            return found.digest
        except exception.ReposyncError as error:
            self._note(reference.registry, error)
            LOG.info("%s: %s", reference, error.message)
        except Exception:
            # Nobody foresaw it, so it stays with this image, whose own
            # operation meets it again.
            LOG.exception("%s could not be looked at", reference)
        return None

    def _note(self, registry: str, error: exception.ReposyncError) -> None:
        """Leave a registry alone whose images all meet the same trouble."""
        if not error.retryable:
            return
        with self._lock:
            self._failures[registry] += 1
            if (
                isinstance(error, exception.RateLimited)
                or troubles.is_unreached(error)
                or self._failures[registry] >= _ENOUGH
            ):
                self._troubled.add(registry)


def _parts(
    references: Sequence[ref.Reference],
) -> Iterator[Sequence[ref.Reference]]:
    for first in range(0, len(references), _FEW):
        yield references[first : first + _FEW]


def _same(
    current: Mapping[str, driver.Image],
    reference: ref.Reference,
    digest: str | None,
) -> driver.Image | None:
    image = current.get(f"{reference.name}:{reference.tag}")
    if image is None or digest is None or image.docker_digest != digest:
        return None
    return image
