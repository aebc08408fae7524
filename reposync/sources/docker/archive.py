# SPDX-License-Identifier: Apache-2.0
"""An archive that an engine saves, checked as it flows."""

from collections.abc import Callable
from collections.abc import Iterator
import dataclasses

from reposync.sources import base
from reposync.sources.archive import streamed
from reposync.sources.archive import verifier as guard
from reposync.sources.docker import client as docker_client


class DockerArchive(streamed.StreamedArchive):
    """What an engine saves."""

    def __init__(
        self,
        resolved: base.ResolvedImage,
        begin: Callable[["DockerArchive"], Iterator[bytes]],
        progress: base.Progress,
        stall: int,
    ):
        """Store what is needed to begin.

        :param begin: gives the pieces, by way of `watched`
        """
        super().__init__(resolved, progress, stall)
        self._begin = begin

    def _pieces(self) -> Iterator[bytes]:
        with docker_client.translated(str(self.resolved.reference)):
            yield from self._begin(self)


def checked(
    client: docker_client.Client,
    resolved: base.ResolvedImage,
    progress: base.Progress,
    stall: int,
    most: int,
) -> DockerArchive:
    """Pass on the archive of an engine as it is.

    :param resolved: its image id is the digest of the configuration
    :param most: bytes that the image may have
    """
    name = resolved.reference.archive_name
    client.timeout = stall

    def begin(archive: DockerArchive) -> Iterator[bytes]:
        saved = archive.watched(lambda: client.save(name))
        return guard.verified(saved, resolved.image_id or "", name, most)

    return DockerArchive(
        dataclasses.replace(resolved, size=None), begin, progress, stall
    )
