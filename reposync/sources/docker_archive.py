# SPDX-License-Identifier: Apache-2.0
"""An archive that an engine saves, checked as it flows."""

from collections.abc import Callable
from collections.abc import Iterator
import dataclasses

from reposync import exception
from reposync.sources import archive as guard
from reposync.sources import base
from reposync.sources import docker_client
from reposync.sources import watch


class DockerArchive:
    """Pieces of an archive, read under watch.

    :ivar resolved: what is in it
    :ivar size: bytes, if known beforehand
    """

    def __init__(
        self,
        resolved: base.ResolvedImage,
        begin: Callable[["DockerArchive"], Iterator[bytes]],
        progress: base.Progress,
        stall: int,
    ):
        """Store what is needed to begin.

        :param begin: gives the pieces, by way of `watched`
        :param stall: seconds without a piece that are too long
        """
        self.resolved = resolved
        self.size = resolved.size
        self._begin = begin
        self._progress = progress
        self._stall = stall
        self._done = 0
        self._watched: watch.Watched[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        """See `base.Archive`."""
        if self._watched is not None:
            raise exception.ArchiveDamaged("An archive is read only once")
        self._tick()
        with docker_client.translated(str(self.resolved.reference)):
            for piece in self._begin(self):
                self._done += len(piece)
                self._tick()
                yield piece

    def watched(
        self, saved: Callable[[], Iterator[bytes]]
    ) -> watch.Watched[bytes]:
        """Read what the engine sends in a thread of its own."""
        self._watched = watch.Watched(saved, self._tick, self._stall)
        return self._watched

    def close(self) -> None:
        """Stop reading."""
        if self._watched is not None:
            self._watched.close()

    def _tick(self) -> None:
        self._progress("copying", self._done, self.size)


def checked(
    client: docker_client.Client,
    resolved: base.ResolvedImage,
    progress: base.Progress,
    stall: int,
) -> DockerArchive:
    """Pass on the archive of an engine as it is.

    :param resolved: its image id is the digest of the configuration
    """
    name = resolved.reference.archive_name
    client.timeout = stall

    def begin(archive: DockerArchive) -> Iterator[bytes]:
        saved = archive.watched(lambda: client.save(name))
        return guard.verified(saved, resolved.image_id or "", name)

    return DockerArchive(
        dataclasses.replace(resolved, size=None), begin, progress, stall
    )
