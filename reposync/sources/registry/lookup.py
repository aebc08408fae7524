# SPDX-License-Identifier: Apache-2.0
"""Finds out what a name points at.

That costs one HEAD, which registries do not count as a pull.  Where that is
not served, or does not tell the digest, it costs a GET, and the host is not
asked by HEAD for a while.  Only a GET says that a name is not there.
"""

import hashlib
import json
import re
from typing import Any

from oslo_log import log
import urllib3

from reposync import exception
from reposync import reference as ref
from reposync.sources.oci import manifests
from reposync.sources.registry import client as registry_client
from reposync.sources.registry import memory
from reposync.sources.registry.transport import answers
from reposync.sources.registry.transport import hosts

LOG = log.getLogger(__name__)

ACCEPT = {"Accept": manifests.ACCEPT}
_KIND = re.compile(
    r"application/vnd\.(docker\.distribution|oci\.image)\.", re.I
)
#: For how long HEAD is not asked of a host that fails with it.
_BRIEFLY = 60.0


class Lookup:
    """Asks registries for digests."""

    def __init__(self, client: registry_client.RegistryClient, most: int):
        """Store whom to ask.

        :param most: bytes a manifest may have
        """
        self._client = client
        self._most = most

    def digest(self, reference: ref.Reference) -> str:
        """Give the digest of what a name points at.

        :raises ReferenceNotFound: a registry says that it is not there
        :raises SourceError: it does not tell
        """
        return self._client.ask(
            reference,
            lambda endpoint, attempts: self._at(endpoint, attempts, reference),
            reference.canonical_name,
        )

    def doubt(self, reference: ref.Reference) -> None:
        """Note that what was said of a name was not so.

        The body is what counts, so that is asked for next, and of the
        registry itself.
        """
        name = reference.canonical_name
        self._client.memory.note(name, memory.HEAD)
        self._client.leave_mirrors(reference, name)

    def _at(
        self, endpoint: hosts.Endpoint, attempts: int, reference: ref.Reference
    ) -> str:
        known = self._client.memory
        if known.lacks(endpoint.name, memory.HEAD) or known.lacks(
            reference.canonical_name, memory.HEAD
        ):
            return self._body(endpoint, attempts, reference)
        seconds = None
        try:
            found = self._head(endpoint, attempts, reference)
        except exception.SourceError as error:
            if not _may_be_head(error):
                raise
            # A server that is there, but fails: GET may be another thing.
            LOG.info("HEAD: %s", error.message)
            # What passes by itself shall not cost a pull for each image.
            found, attempts, seconds = None, 1, _BRIEFLY
        if found:
            return found
        found = self._body(endpoint, attempts, reference)
        known.note(endpoint.name, memory.HEAD, seconds)
        LOG.info("%s does not serve HEAD; GET is used", endpoint.name)
        return found

    def _head(
        self, endpoint: hosts.Endpoint, attempts: int, reference: ref.Reference
    ) -> str | None:
        wanted = registry_client.Wanted(
            reference, _path(reference), method="HEAD", headers=ACCEPT
        )
        reply = self._client.insist(
            endpoint, wanted, attempts, lambda reply: reply
        )
        answers.discard(reply.host, reply.answer)
        digest = reply.answer.headers.get("docker-content-digest") or ""
        if reply.answer.status >= 300 or not ref.is_digest(digest):
            return None
        return digest

    def _body(
        self, endpoint: hosts.Endpoint, attempts: int, reference: ref.Reference
    ) -> str:
        wanted = registry_client.Wanted(
            reference, _path(reference), headers=ACCEPT, counted=True
        )
        try:
            body = self._client.get(endpoint, wanted, attempts, self._most)
        except answers.NothingThere as error:
            if self._client.is_there(endpoint):
                raise
            raise exception.SourceUnavailable(
                f"{endpoint.name} answers 404, also where every registry "
                f"says that it is one: {reference} may be there all the same"
            ) from error
        refuse_others(body, endpoint.name, reference)
        algorithm = (reference.digest or "sha256:").partition(":")[0]
        found = hashlib.new(algorithm, body, usedforsecurity=False).hexdigest()
        digest = f"{algorithm}:{found}"
        if reference.digest and digest != reference.digest:
            raise exception.ArchiveDamaged(
                f"{endpoint.name} served something else than {reference}"
            )
        return digest


def refuse_others(body: bytes, host: str, reference: ref.Reference) -> None:
    """Make sure that a body may be a manifest.

    :raises SourceUnavailable: it is something else altogether
    """
    try:
        # What the numbers are is looked at later.
        value = json.loads(body, parse_int=str)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict) and _may_be_manifest(value):
        return
    raise answers.stranger(
        f"{host} answers with something else than the manifest of "
        f"{reference}: no registry is there"
    )


def _may_be_manifest(value: dict[str, Any]) -> bool:
    """Tell a manifest from JSON of other programs, such as their state."""
    config, kind = value.get("config"), value.get("mediaType")
    if isinstance(config, dict) and "digest" in config:
        return True
    if isinstance(kind, str) and _KIND.match(kind.strip()):
        return True
    return "fsLayers" in value or isinstance(value.get("manifests"), list)


def _may_be_head(error: exception.SourceError) -> bool:
    """Tell whether the method may be why a server that is there fails.

    Some proxies close the connection, or redirect HEAD to nowhere.
    """
    broke = isinstance(error.__cause__, urllib3.exceptions.ProtocolError)
    return (
        broke
        or isinstance(error, answers.Answered)
        or type(error) is exception.SourceError
    )


def _path(reference: ref.Reference) -> str:
    return f"manifests/{reference.digest or reference.tag}"
