# SPDX-License-Identifier: Apache-2.0
"""Opens blobs, from a byte on where the other side can do that."""

import dataclasses
import hashlib
import re
import zlib

from oslo_log import log

from reposync import exception
from reposync import reference as ref
from reposync.sources.oci import manifests
from reposync.sources.registry import client as registry_client
from reposync.sources.registry import memory
from reposync.sources.registry.transport import answers
from reposync.sources.registry.transport import hosts
from reposync.sources.registry.transport import redirects
from reposync.sources.registry.transport import watchdog

LOG = log.getLogger(__name__)

#: Size of the pieces that are handed on, in bytes.
PIECE = 1024 * 1024
_LENGTH = re.compile(r"[0-9]{1,19}")
_CONTENT_RANGE = re.compile(r"\s*bytes\s+(\d{1,19})-\d{1,19}/(\d{1,19}|\*)")


@dataclasses.dataclass(frozen=True, slots=True)
class Opened:
    """A blob whose bytes come now.

    :ivar host: that sends them
    :ivar place: the registry or mirror that was asked for it
    :ivar skip: how many bytes at the beginning were read before
    :ivar packed: whether something on the way has packed it once more
    :ivar doubted: the blob, if its length does not tell that
    """

    answer: hosts.Answer
    host: str
    place: str
    skip: int
    packed: bool = False
    doubted: manifests.Descriptor | None = None

    def read(self, seconds: float) -> bytes:
        """Give the next piece; nothing at the end.

        :param seconds: how long it may take
        :raises SourceUnavailable: it broke off or is too slow
        """
        try:
            with watchdog.DOG.limit(self.host, self.answer.shutdown, seconds):
                data = self.answer.read(PIECE, decode_content=self.packed)
        except hosts.BROKEN as error:
            raise hosts.unavailable(self.host, error) from error
        return _plain(data, self.doubted) if self.doubted else data

    def close(self) -> None:
        """Let go of the connection."""
        self.answer.close()


class Opener:
    """Asks for the blobs of a repository."""

    def __init__(
        self, client: registry_client.RegistryClient, reference: ref.Reference
    ):
        """Store whom to ask."""
        self._client = client
        self._reference = reference

    def open(
        self, blob: manifests.Descriptor, offset: int = 0, *, ranged: bool
    ) -> Opened:
        """Ask once, mirrors before the registry.

        :param offset: how much of it was read before
        :param ranged: whether to ask for the rest alone
        :raises SourceUnavailable: it does not come now
        :raises SourceError: it does not come at all, or is not what the
            manifest says
        """
        return self._client.ask(
            self._reference,
            lambda endpoint, _: self._at(
                endpoint, blob, offset, ranged=ranged and offset > 0
            ),
            blob.digest,
        )

    def _at(
        self,
        endpoint: hosts.Endpoint,
        blob: manifests.Descriptor,
        offset: int,
        *,
        ranged: bool,
    ) -> Opened:
        known = self._client.memory
        wanted = registry_client.Wanted(
            self._reference, f"blobs/{blob.digest}", promised=True
        )
        ranged = ranged and not known.lacks(endpoint.name, memory.RANGES)
        if ranged:
            asked = dataclasses.replace(
                wanted, headers={"Range": f"bytes={offset}-"}
            )
            opened = self._rest(endpoint, asked, blob, offset)
            if opened is not None:
                return opened
        reply = self._client.once(endpoint, wanted)
        if answers.is_page(reply.answer, blob.size):
            reply.answer.close()
            raise answers.page(reply.host, self._reference, reply.asked)
        opened = _begin(endpoint, reply, blob, offset)
        if opened is None:
            reply.answer.close()
            raise exception.SourceUnavailable(
                f"{reply.host} serves another part of {blob.digest} than it "
                "was asked for"
            )
        if ranged:
            known.note(endpoint.name, memory.RANGES)
        return opened

    def _rest(
        self,
        endpoint: hosts.Endpoint,
        asked: registry_client.Wanted,
        blob: manifests.Descriptor,
        offset: int,
    ) -> Opened | None:
        """Ask for a part alone; None if that is refused, in any way."""
        try:
            reply = self._client.once(endpoint, asked)
        except (exception.SourceUnavailable, exception.RateLimited):
            raise
        except exception.SourceError as error:
            LOG.info("No part of %s: %s", blob.digest, error.message)
            return None
        try:
            opened = _begin(endpoint, reply, blob, offset)
        except exception.ArchiveDamaged:
            opened = None
        if opened is None:
            # The connection is of no more use if it is in mid answer.
            reply.answer.close()
        return opened


def damaged(
    blob: manifests.Descriptor, host: str, what: str
) -> exception.ArchiveDamaged:
    """Say that a blob is not what its manifest says."""
    return exception.ArchiveDamaged(
        f"The blob {blob.digest} of {host} {what}, not the {blob.size} bytes "
        "its manifest names"
    )


def _begin(
    endpoint: hosts.Endpoint,
    reply: redirects.Reply,
    blob: manifests.Descriptor,
    offset: int,
) -> Opened | None:
    """Find out what an answer brings; None if that is of no use."""
    answer, host = reply.answer, reply.host
    if answer.status >= 300 or answers.is_page(answer, blob.size):
        return None
    encoding = answer.headers.get("content-encoding", "identity").lower()
    length = answer.headers.get("content-length") or ""
    if answer.status == 206:
        found = _CONTENT_RANGE.match(answer.headers.get("content-range") or "")
        if not found or encoding != "identity" or int(found[1]) > offset:
            return None
        if found[2] not in ("*", str(blob.size)):
            return None
        return Opened(answer, host, endpoint.name, offset - int(found[1]))
    # A proxy may pack what is packed already.  What is stored that way has
    # the length of the blob.
    encoded = answers.is_packed(answer)
    packed = encoded and length != str(blob.size)
    if not packed and _LENGTH.fullmatch(length) and int(length) != blob.size:
        answer.close()
        raise damaged(blob, host, f"has {length} bytes")
    same = encoded and not packed and blob.size <= PIECE
    doubted = blob if same else None
    return Opened(answer, host, endpoint.name, offset, packed, doubted)


def _plain(data: bytes, blob: manifests.Descriptor) -> bytes:
    """Unpack the whole of a blob if it is not the blob as it is.

    What is short may have the same length packed once more.
    """
    algorithm, _, value = blob.digest.partition(":")
    found = hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()
    if len(data) != blob.size or found == value:
        return data
    try:
        either = zlib.decompressobj(zlib.MAX_WBITS | 32)
        return either.decompress(data, PIECE)
    except zlib.error:
        return data
