# SPDX-License-Identifier: Apache-2.0
"""Reads images from registries themselves, without an engine.

To resolve costs one HEAD, which registries do not count.  A copy asks for
the manifest and the configuration, knows the length of its archive then, and
hands the layers on as they come: no disk, and a few megabytes of memory.
"""

from collections.abc import Iterator
import contextlib
import dataclasses
import hashlib

from oslo_config import cfg
from oslo_log import log

from reposync import exception
from reposync import reference as ref
from reposync import retry
from reposync.sources import base
from reposync.sources.archive import writer
from reposync.sources.archive import zstd
from reposync.sources.oci import descriptors
from reposync.sources.oci import documents
from reposync.sources.oci import manifests
from reposync.sources.oci import sizes
from reposync.sources.registry import archive as registry_archive
from reposync.sources.registry import blob
from reposync.sources.registry import client
from reposync.sources.registry import links
from reposync.sources.registry import look as registry_look
from reposync.sources.registry import lookup
from reposync.sources.registry.transport import answers
from reposync.sources.registry.transport import hosts
from reposync.sources.registry.transport import rate_limits
from reposync.sources.registry.transport.egress import rules as egress

LOG = log.getLogger(__name__)

_LONGEST_MANIFEST = 4 * 1024 * 1024
_TAGS_PAGE = 500
#: A registry that needs more pages than this gives the same ones again.
_MOST_PAGES = 10_000
#: Bytes a second at which what is there already is read once more.
_SLOW = 1024 * 1024


class RegistrySource(base.Source):
    """Registries that speak version 2 of the API."""

    def __init__(
        self, conf: cfg.ConfigOpts, network: egress.Network | None = None
    ):
        """Store the configuration.

        :param network: resolves names; that of this host unless given
        """
        super().__init__(conf)
        self._client = client.RegistryClient(conf, network)
        self._lookup = lookup.Lookup(self._client, _LONGEST_MANIFEST)

    def resolve(
        self, reference: ref.Reference, platform: str
    ) -> base.ResolvedImage:
        """See `base.Source.resolve`."""
        with self._slot(reference):
            digest = self._lookup.digest(reference)
        resolved = base.ResolvedImage(reference, digest, platform)
        look = self._look(resolved)
        return dataclasses.replace(resolved, choose=look.digest, more=look)

    @contextlib.contextmanager
    def archive(
        self,
        resolved: base.ResolvedImage,
        progress: base.Progress,
        begin: base.Begin = base.ignore,
    ) -> Iterator[registry_archive.RegistryArchive]:
        """See `base.Source.archive`."""
        progress("pulling", 0, None)
        reference = resolved.reference
        look = resolved.more
        if not isinstance(look, registry_look.Look):
            look = self._look(resolved)
        found = look.description()
        reader = blob.BlobReader(
            self._client, reference, self.conf.registry.lowest_rate
        )
        layers = zstd.Unpacking(reader.read)
        digest, manifest = registry_archive.prepare(
            found, layers, progress, sizes.most(self.conf)
        )
        reader.expect(found.manifest.distinct_layers())
        layout = writer.Layout(reference, digest, manifest, found.config)
        archive = registry_archive.RegistryArchive(
            found.complete,
            layout.size,
            lambda: layout.pieces(layers.read),
            reader.stop,
            progress,
            self._longest_silence(found.manifest),
        )
        with contextlib.closing(archive):
            yield archive

    def tags(self, repository: ref.Reference) -> Iterator[str]:
        """See `base.Source.tags`."""
        query: str | None = f"n={_TAGS_PAGE}"
        seen: set[str] = set()
        while query and query not in seen and len(seen) < _MOST_PAGES:
            seen.add(query)
            wanted = client.Wanted(
                repository, f"tags/list?{query}", headers=lookup.ACCEPT
            )
            with self._slot(repository):
                names, answer = self._client.fetch(
                    wanted,
                    _LONGEST_MANIFEST,
                    lambda body, _: _tags(repository, body),
                )
            yield from names
            query = links.next_query(answer.headers.get("link"), _TAGS_PAGE)
        if query:
            LOG.warning(
                "%s gives pages of tags of %s more than once; the rest is "
                "left out",
                repository.registry,
                repository.name,
            )

    def budgets(self) -> dict[str, rate_limits.Budget]:
        """Tell what registries said of their rate limits, by host."""
        return self._client.governors.budgets()

    def _look(self, resolved: base.ResolvedImage) -> registry_look.Look:
        return registry_look.Look(
            resolved,
            lambda digest: self._promised(resolved, digest),
            lambda manifest: self._config(resolved.reference, manifest),
            lambda: self._slot(resolved.reference),
        )

    def _slot(
        self, reference: ref.Reference
    ) -> contextlib.AbstractContextManager[None]:
        return self._client.governors.of(reference.registry).slot()

    def _promised(
        self, resolved: base.ResolvedImage, digest: str
    ) -> tuple[bytes, str]:
        """Get a manifest that the registry has named; its type, too."""
        reference = resolved.reference
        wanted = client.Wanted(
            reference,
            f"manifests/{digest}",
            headers=lookup.ACCEPT,
            counted=True,
            promised=True,
        )

        def check(body: bytes, answer: hosts.Answer) -> bytes:
            # Its digest is not that of its body.
            media_type = answer.headers.get("content-type") or ""
            manifests.refuse_schema_1(str(reference), media_type)
            try:
                return _checked(body, digest)
            except exception.ArchiveDamaged:
                # What has the digest is what was pushed, whatever it is.
                lookup.refuse_others(body, reference.registry, reference)
                raise

        try:
            body, answer = self._client.fetch(wanted, _LONGEST_MANIFEST, check)
        except (exception.ArchiveDamaged, answers.Missing):
            if digest == resolved.digest:
                self._lookup.doubt(reference)
            raise
        return body, answer.headers.get("content-type") or ""

    def _config(
        self, reference: ref.Reference, manifest: manifests.Manifest
    ) -> bytes:
        digest = manifest.config.digest
        wanted = client.Wanted(reference, f"blobs/{digest}", promised=True)
        data, _ = self._client.fetch(
            wanted,
            manifests.LONGEST_CONFIG,
            lambda body, _: _checked(body, digest),
        )
        return data

    def _longest_silence(self, manifest: manifests.Manifest) -> float:
        # What reads a blob gives up by itself; this is for the unforeseen.
        # All of a blob may have to be read once more where it broke off.
        options = self.conf.registry
        one = options.read_timeout + options.connect_timeout + retry.PATIENCE
        longest = max((layer.size for layer in manifest.layers), default=0)
        return float(one * options.attempts**2 + longest / _SLOW)


def _checked(data: bytes, digest: str) -> bytes:
    algorithm, _, value = digest.partition(":")
    found = hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()
    if found != value:
        raise exception.ArchiveDamaged(
            f"The registry served something else than {digest}"
        )
    return data


def _tags(repository: ref.Reference, body: bytes) -> list[str]:
    try:
        tags = descriptors.entries(documents.load_leniently(body), "tags")
    except ValueError as error:
        raise exception.SourceError(
            f"{repository.registry} lists no tags of {repository}"
        ) from error
    return [tag for tag in tags if isinstance(tag, str)]
