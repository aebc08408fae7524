# SPDX-License-Identifier: Apache-2.0
"""Reads a blob of a registry, going on where a connection broke."""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import dataclasses
import hashlib
import itertools
import threading

from oslo_log import log

from reposync import exception
from reposync import reference as ref
from reposync import retry
from reposync.sources.oci import manifests
from reposync.sources.registry import client as registry_client
from reposync.sources.registry import prefetch
from reposync.sources.registry import ranges
from reposync.sources.registry.transport import answers

LOG = log.getLogger(__name__)

#: How many bytes before a blob's end the next one is opened: 0.15 s at the
#: rate at which Glance takes them.
_SOON = 32 * 1024 * 1024


@dataclasses.dataclass(slots=True)
class _Way:
    """How far a blob has come, and how it goes on.

    :ivar ranged: whether its rest alone is asked for
    """

    download: retry.Download
    done: int = 0
    ranged: bool = True


class BlobReader:
    """Reads blobs, one after the other, in one thread.

    `stop` may be called from any thread and ends it at once.
    """

    def __init__(
        self,
        client: registry_client.RegistryClient,
        reference: ref.Reference,
        lowest_rate: int,
    ):
        """Store where to read from.

        :param lowest_rate: bytes a second that must come; 0 for any
        """
        self._client = client
        self._reference = reference
        self._opener = ranges.Opener(client, reference)
        self._rate = lowest_rate or 0.001
        self._slots = client.governors.of(reference.registry)
        self._stopped = threading.Event()
        self._opened: ranges.Opened | None = None
        self._place = reference.registry
        self._ahead = prefetch.Ahead(self._open, self._slots)
        self._next: dict[str, manifests.Descriptor] = {}

    def expect(self, blobs: Sequence[manifests.Descriptor]) -> None:
        """Tell in which order blobs will be read."""
        self._next = {
            blob.digest: after for blob, after in itertools.pairwise(blobs)
        }

    def stop(self) -> None:
        """End a read that is under way."""
        self._stopped.set()
        self._ahead.close()
        opened = self._opened
        if opened is not None:
            # It may have come to its end by itself at this moment.
            with contextlib.suppress(ValueError, RuntimeError, OSError):
                opened.answer.shutdown()

    def read(self, blob: manifests.Descriptor) -> Iterator[bytes]:
        """Give the pieces of a blob, of 1 MiB at most.

        :raises ArchiveDamaged: digest or size is not the manifest's; what
            was given before is to be thrown away
        :raises SourceError: the registry does not serve it
        """
        algorithm = blob.digest.partition(":")[0]
        digest = hashlib.new(algorithm, usedforsecurity=False)
        done = 0
        following = self._next.get(blob.digest)
        with contextlib.ExitStack() as stack:
            early = self._ahead.take(blob)
            if early is None:
                stack.enter_context(self._slots.slot())
            else:
                stack.callback(self._slots.leave)
            for piece in self._insist(blob, early):
                done += len(piece)
                if done > blob.size:
                    raise self._damaged(blob, "is longer")
                if following and blob.size - done <= _SOON:
                    self._ahead.begin(following)
                digest.update(piece)
                yield piece
        if f"{algorithm}:{digest.hexdigest()}" != blob.digest:
            raise self._damaged(blob, "is something else")

    def _insist(
        self, blob: manifests.Descriptor, opened: ranges.Opened | None
    ) -> Iterator[bytes]:
        way = _Way(retry.Download(self._client.attempts))
        while True:
            try:
                if opened is None:
                    opened = self._open(blob, way.done, ranged=way.ranged)
                for piece in self._pieces(opened, blob.size - way.done):
                    way.done += len(piece)
                    yield piece
                if way.done >= blob.size or self._stopped.is_set():
                    return
                raise exception.SourceUnavailable(f"{opened.host} broke off")
            except (
                exception.SourceUnavailable,
                exception.RateLimited,
            ) as error:
                seconds = self._go_on(blob, way, opened, error)
                opened = None
            if self._stopped.wait(seconds):
                return

    def _go_on(
        self,
        blob: manifests.Descriptor,
        way: "_Way",
        opened: ranges.Opened | None,
        error: exception.SourceError,
    ) -> float:
        """Find out in how many seconds a blob goes on; raises if not."""
        if not answers.at_once(error):
            raise error
        way.download.reached(way.done)
        if way.download.broke():
            # Where only the rest was asked for, that may be why.
            whole = opened is not None and opened.skip == way.done
            if self._leave_mirror(blob):
                way.download = retry.Download(self._client.attempts, way.done)
            elif way.ranged and way.done and not whole:
                way.ranged = False
            else:
                raise error
        LOG.info(
            "%s: %s after %d bytes of %s; going on there",
            self._reference,
            error.message,
            way.done,
            blob.digest,
        )
        return max(error.retry_after or 0.0, way.download.delay())

    def _leave_mirror(self, blob: manifests.Descriptor) -> bool:
        """Ask a mirror for a blob no more; tells whether it was one."""
        if self._place == self._reference.registry:
            return False
        self._client.memory.note(self._place, blob.digest)
        self._place = self._reference.registry
        return True

    def _open(
        self,
        blob: manifests.Descriptor,
        offset: int = 0,
        *,
        ranged: bool = True,
    ) -> ranges.Opened:
        return self._opener.open(blob, offset, ranged=ranged)

    def _pieces(self, opened: ranges.Opened, rest: int) -> Iterator[bytes]:
        self._opened, self._place = opened, opened.place
        skip = opened.skip
        rest += skip
        try:
            while piece := opened.read(self._seconds(rest)):
                if self._stopped.is_set():
                    return
                rest -= len(piece)
                if skip < len(piece):
                    yield piece[skip:] if skip else piece
                skip = max(0, skip - len(piece))
        finally:
            self._opened = None
            opened.close()

    def _seconds(self, rest: int) -> float:
        """Tell how long the next piece may take."""
        # Many short layers, each by drips, would take as long as long ones.
        size = max(0, min(rest, ranges.PIECE))
        return max(self._client.seconds, size / self._rate)

    def _damaged(
        self, blob: manifests.Descriptor, what: str
    ) -> exception.ArchiveDamaged:
        error = ranges.damaged(blob, self._place, what)
        # The next attempt asks somebody else.
        self._leave_mirror(blob)
        return error
