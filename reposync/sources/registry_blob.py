# SPDX-License-Identifier: Apache-2.0
"""Reads a blob of a registry, going on where a connection broke."""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import hashlib
import itertools
import re
import threading

from oslo_log import log

from reposync import exception
from reposync import reference as ref
from reposync.sources import manifests
from reposync.sources import registry_ahead
from reposync.sources import registry_client
from reposync.sources import registry_hosts as hosts

LOG = log.getLogger(__name__)

#: Size of the pieces that are handed on, in bytes.
PIECE = 1024 * 1024
#: How many bytes before a blob's end the next one is opened: 0.15 s at the
#: rate at which Glance takes them.
_SOON = 32 * 1024 * 1024


class BlobReader:
    """Reads blobs, one after the other, in one thread.

    `stop` may be called from any thread and ends it at once.
    """

    def __init__(
        self,
        client: registry_client.RegistryClient,
        reference: ref.Reference,
        attempts: int,
    ):
        """Store where to read from.

        :param attempts: how often in a row a connection may break without
            having brought anything
        """
        self._client = client
        self._reference = reference
        self._attempts = attempts
        self._slots = client.governors.of(reference.registry)
        self._stopped = threading.Event()
        self._answer: hosts.Answer | None = None
        self._ahead = registry_ahead.Ahead(self._open, self._slots)
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
        answer = self._answer
        if answer is not None:
            # It may have come to its end by itself at this moment.
            with contextlib.suppress(ValueError, RuntimeError, OSError):
                answer.shutdown()

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
                    raise _damaged(blob, "is longer")
                if following and blob.size - done <= _SOON:
                    self._ahead.begin(following)
                digest.update(piece)
                yield piece
        if f"{algorithm}:{digest.hexdigest()}" != blob.digest:
            raise _damaged(blob, "is something else")

    def _insist(
        self, blob: manifests.Descriptor, answer: hosts.Answer | None
    ) -> Iterator[bytes]:
        done = failures = 0
        while done < blob.size or not blob.size:
            try:
                if answer is None:
                    answer = self._open(blob, done)
                for piece in self._pieces(blob, done, answer):
                    done += len(piece)
                    failures = 0
                    yield piece
                if done >= blob.size:
                    return
                raise exception.SourceUnavailable("The registry broke off")
            except exception.SourceUnavailable as error:
                answer = None
                failures += 1
                if failures >= self._attempts:
                    raise
                LOG.info(
                    "%s: %s after %d bytes of %s; going on there",
                    self._reference,
                    error.message,
                    done,
                    blob.digest,
                )
            if self._stopped.wait(self._client.delay(failures)):
                return

    def _open(
        self, blob: manifests.Descriptor, offset: int = 0
    ) -> hosts.Answer:
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        return self._client.open(
            self._reference, f"blobs/{blob.digest}", headers=headers
        )

    def _pieces(
        self, blob: manifests.Descriptor, offset: int, answer: hosts.Answer
    ) -> Iterator[bytes]:
        self._answer = answer
        try:
            skip = _begin(answer, blob, offset)
            while piece := answer.read(PIECE):
                if self._stopped.is_set():
                    return
                yield piece[skip:]
                skip = max(0, skip - len(piece))
        except hosts.BROKEN as error:
            raise hosts.unavailable(self._reference.registry, error) from error
        finally:
            self._answer = None
            answer.close()


def _begin(
    answer: hosts.Answer, blob: manifests.Descriptor, offset: int
) -> int:
    """Tell how many bytes at the beginning were read before."""
    length = answer.headers.get("content-length")
    if answer.status == 206:
        found = re.match(
            r"bytes (\d+)-", answer.headers.get("content-range") or ""
        )
        if not found or int(found[1]) != offset:
            raise _damaged(blob, "goes on at another place")
        return 0
    # Not every registry knows ranges.
    if length and length.isdigit() and int(length) != blob.size:
        raise _damaged(blob, f"has {length} bytes")
    return offset


def _damaged(
    blob: manifests.Descriptor, what: str
) -> exception.ArchiveDamaged:
    return exception.ArchiveDamaged(
        f"The registry's blob {blob.digest} {what}, not the {blob.size} "
        "bytes its manifest names"
    )
