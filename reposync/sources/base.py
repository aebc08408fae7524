# SPDX-License-Identifier: Apache-2.0
"""The interface of a source: where an image is read from."""

import abc
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import AbstractContextManager
import dataclasses
from typing import Protocol

from oslo_config import cfg

from reposync import reference as ref
from reposync.sources.registry.transport import rate_limits

#: Told how far a copy is: phase (``pulling`` or ``copying``), bytes done,
#: bytes in all or None where nobody knows yet.  Whatever it raises must be
#: let through: this is how a copy is stopped from outside.
Progress = Callable[[str, int, int | None], None]


#: Told what a source is about to make, before it does.  If the copy dies,
#: somebody calls :meth:`Source.discard` with it, on the same host.
Begin = Callable[[str], None]


def ignore(name: str) -> None:
    """Be a `Begin` for copies whose death nobody cleans up after."""


@dataclasses.dataclass(frozen=True, slots=True)
class ResolvedImage:
    """What a registry holds under a name at one moment.

    :ivar reference: the name that was looked up
    :ivar digest: what the tag points at, ``sha256:<hex>``: of the manifest,
        or of the index where the image has several platforms
    :ivar platform: ``os/architecture[/variant]`` that was asked for
    :ivar image_id: digest of the image configuration, ``sha256:<hex>``
    :ivar size: bytes of the archive
    :ivar labels: the labels of the image configuration
    :ivar os: operating system of the image configuration
    :ivar architecture: architecture as registries name it (``amd64``)
    :ivar manifest_digest: of the manifest of the platform, ``sha256:<hex>``
    :ivar more: see :meth:`complete`; None if the source has no such way
    :ivar choose: see :meth:`manifest`; None if the source has no such way

    A source may leave ``image_id``, ``size``, ``labels``, ``os``,
    ``architecture`` and ``manifest_digest`` None when it resolves: to know
    whether anything changed shall cost one question that registries do not
    count as a pull.
    :attr:`Archive.resolved` has all but the size, and the digest of the
    manifest where the source knows it.
    """

    reference: ref.Reference
    digest: str
    platform: str
    image_id: str | None = None
    size: int | None = None
    labels: Mapping[str, str] | None = None
    os: str | None = None
    architecture: str | None = None
    manifest_digest: str | None = None
    more: Callable[[], "ResolvedImage"] | None = dataclasses.field(
        default=None, repr=False, compare=False
    )

    choose: Callable[[], str] | None = dataclasses.field(
        default=None, repr=False, compare=False
    )

    def manifest(self) -> str | None:
        """Ask for the digest of the manifest of the platform.

        Registries may count it as a pull, so it is for tags that moved.

        :returns: None if the source cannot know it
        :raises SourceError: as :meth:`Source.resolve`
        """
        if self.manifest_digest is not None or self.choose is None:
            return self.manifest_digest
        return self.choose()

    def complete(self) -> "ResolvedImage":
        """Ask for what the archive would tell, without moving a layer.

        Registries may count it as a pull, so it is for images that changed.

        :returns: the same image; fields that the source cannot know without
            its archive are still None
        :raises SourceError: as :meth:`Source.resolve`
        """
        return self if self.more is None else self.more()


class Archive(Protocol):
    """The tar stream that ``docker load`` accepts.

    Iterating gives pieces of at most 1 MiB, once.  The last piece comes
    only after the whole was verified: whoever stores all pieces stores a
    complete image.

    :ivar resolved: what is in the archive, all fields known but the size
    :ivar size: length in bytes, or None where it is not known beforehand
    """

    @property
    def resolved(self) -> ResolvedImage:
        """Tell what is in the archive."""

    @property
    def size(self) -> int | None:
        """Tell the length in bytes, if known beforehand."""

    def __iter__(self) -> Iterator[bytes]:
        """Read the stream, once.

        :raises ArchiveDamaged: if it ends early or a digest is wrong
        :raises SourceUnavailable: if the other side went away
        """


class Source(abc.ABC):
    """Reads images from registries.

    One instance serves all worker threads of a conductor.
    """

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration; connect to nothing.

        Services fork after this.
        """
        self.conf = conf

    def check(self) -> None:  # noqa: B027 (most have nothing to look at)
        """Look whether what all images are read through can be had.

        What it raises is logged for the operator, once.

        :raises SourceUnavailable: it does not answer
        """

    @abc.abstractmethod
    def resolve(
        self, reference: ref.Reference, platform: str
    ) -> ResolvedImage:
        """Look a name up without moving a layer.

        :param platform: ``os/architecture[/variant]``
        :raises ReferenceNotFound: unknown repository or tag
        :raises PlatformNotFound: not available for the platform, if that can
            be told already; otherwise :meth:`archive` tells
        :raises RegistryDenied: credentials refused or missing
        :raises RateLimited: come back after ``retry_after`` seconds
        :raises SourceUnavailable: no answer
        """

    @abc.abstractmethod
    def archive(
        self,
        resolved: ResolvedImage,
        progress: Progress,
        begin: Begin = ignore,
    ) -> AbstractContextManager[Archive]:
        """Open the archive of a resolved image.

        Nothing is moved before the context is entered, and nothing remains
        of the copy after it is left, however it is left.

        :param begin: see :data:`Begin`

        :raises SourceError: on entering, as :meth:`resolve`, and
            ``ImageUnsupported`` or ``SourceDiskFull``
        """

    def discard(self, name: str) -> bool:
        """Remove what a copy made that died.

        :param name: as it was told to ``begin``
        :returns: whether it was there; what was not may still come
        :raises SourceError: it cannot be removed
        """
        return False

    def tags(self, repository: ref.Reference) -> Iterator[str]:
        """List the tags of a repository, page by page.

        :raises SourceError: as :meth:`resolve`
        :raises NotImplementedError: if the source cannot know them
        """
        raise NotImplementedError

    def budgets(self) -> dict[str, rate_limits.Budget]:
        """Tell what registries said of their rate limits, by host.

        :returns: none if the source does not speak to registries itself
        """
        return {}
