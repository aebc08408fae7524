# SPDX-License-Identifier: Apache-2.0
"""The interface of a driver: a kind of catalogue that keeps images."""

import abc
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import AbstractContextManager
import dataclasses
from typing import Any
from typing import Literal
from typing import Protocol

from oslo_config import cfg

from reposync import filters
from reposync import reference as ref
from reposync import texts
from reposync.sources import base as source

ImageType = Literal["docker", "vm"]
Outcome = Literal["created", "updated", "unchanged"]


@dataclasses.dataclass(frozen=True, slots=True)
class Image:
    """An entry of a catalogue.

    :ivar id: the catalogue's own identifier
    :ivar name: the name the catalogue shows
    :ivar type: ``docker`` for a container image, ``vm`` for a disk image
    :ivar docker_id: digest of the image configuration, ``sha256:<hex>``
    :ivar docker_name: repository without tag, short form
    :ivar docker_tag: the tag
    :ivar docker_digest: what the tag pointed at when it was read
    :ivar os: kind of operating system, from the image's labels
    :ivar architecture: for example ``x86_64``
    :ivar distribution: for example ``debian``
    :ivar version: of the distribution
    :ivar size: bytes stored
    :ivar status: the catalogue's word in lower case; ``active`` is usable
    :ivar created_at: ISO 8601, UTC
    :ivar updated_at: ISO 8601, UTC
    """

    id: str
    name: str
    type: ImageType
    docker_id: str | None = None
    docker_name: str | None = None
    docker_tag: str | None = None
    docker_digest: str | None = None
    os: str | None = None
    architecture: str | None = None
    distribution: str | None = None
    version: str | None = None
    size: int | None = None
    status: str | None = None
    created_at: str | None = None
    updated_at: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give the fields as the API shows them."""
        # All values are plain: `dataclasses.asdict` would copy each of them,
        # for each image of a synchronisation.
        return {
            field.name: texts.printable(value)
            if isinstance(value := getattr(self, field.name), str)
            else value
            for field in dataclasses.fields(self)
        }


class Commit(Protocol):
    """What a driver asks its caller in the middle of its work.

    An upload takes long, and the caller may have lost its right to the
    operation meanwhile.  If one of these raises, the new image is thrown
    away, and nothing else is touched any more.
    """

    def begin(self, image_id: str) -> None:
        """Tell the id of an image before it is made.

        If the caller dies, somebody calls :meth:`Driver.discard` with it.
        """

    def __call__(self, image: Image) -> None:
        """Ask when the new image is complete and verified.

        Just before it becomes the current one.
        """

    def check(self) -> None:
        """Ask before anything else that cannot be undone."""


class Driver(abc.ABC):
    """Keeps images in one catalogue.

    One instance serves all worker threads of a conductor.
    """

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration; connect to nothing.

        Services fork after this.
        """
        self.conf = conf

    def check(self) -> None:  # noqa: B027 (most have nothing to look at)
        """Look whether the catalogue can hold container images.

        Called when the service starts; what it raises is logged for the
        operator and does not keep the service from starting.

        :raises CatalogueUnsuitable: something has to be set up first
        :raises CatalogueError: no access
        """

    @abc.abstractmethod
    def images(
        self, image_filter: filters.ImageFilter, marker: str | None = None
    ) -> Iterator[Image]:
        """List what the catalogue shows, container and disk images.

        Hidden images are left out.  The order is stable: newest first.

        :param marker: id of the image after which the list goes on
        :raises ImageNotFound: there is no image with the marker's id
        :raises CatalogueError: no access
        """

    def current(self, platform: str) -> Mapping[str, Image]:
        """Tell what the catalogue holds, for many images at once.

        A synchronisation compares digests and leaves alone what is the
        same.  So an image that would want more than that is left out.

        :param platform: ``os/architecture[/variant]``
        :returns: by ``name:tag``, the images of this service that are in
            order; none if the driver cannot tell
        :raises CatalogueError: no access
        """
        return {}

    def find(self, reference: ref.Reference) -> list[Image]:
        """List the images of a name that the catalogue shows.

        :param reference: with a tag; or without one and with a digest, for
            all tags that pointed at it
        :raises CatalogueError: no access
        """
        key, value = "docker_tag", reference.tag
        if value is None:
            key, value = "docker_digest", reference.digest
        return [
            image
            for image in self.images(filters.ImageFilter(None, "docker"))
            if image.docker_name == reference.name
            and getattr(image, key) == value
        ]

    @abc.abstractmethod
    def image(self, image_id: str) -> Image:
        """Show one image.

        :raises ImageNotFound: there is none with this id
        """

    @abc.abstractmethod
    def delete(self, image_id: str) -> None:
        """Delete an image that this service made.

        :raises ImageNotFound: there is none with this id
        :raises ImageNotManaged: somebody else made it
        :raises ImageProtected: it is protected against deletion
        :raises ImageInUse: something uses it
        """

    def discard(self, image_id: str) -> bool:
        """Remove an image that was begun and never shown.

        Whoever began it may be frozen and go on after this: it must fail
        then.  An image that was shown is left alone.

        :param image_id: as it was told to ``commit.begin``
        :returns: whether it was there; what was not may still come
        :raises CatalogueError: it cannot be removed
        """
        return False

    @abc.abstractmethod
    def image_updated(
        self,
        reference: ref.Reference,
        resolved: source.ResolvedImage,
        archive: AbstractContextManager[source.Archive],
        commit: Commit,
    ) -> tuple[Image, Outcome]:
        """Bring the catalogue's image of a name in step.

        Idempotent, and without a hole: the new image is complete and
        verified before the old one is hidden or deleted.  On any failure
        the old one still stands, and no half-made image remains, neither of
        this attempt nor of one that died before it.  If the process dies,
        :meth:`discard` removes what was announced with ``commit.begin``.

        :param reference: the name; its tag is never None
        :param resolved: what the registry holds; if the catalogue holds the
            same digest already, the archive is not opened
        :param archive: entered at most once
        :param commit: see :class:`Commit`
        :raises CatalogueError: the catalogue refused
        :raises SourceError: passed on from the archive
        """
