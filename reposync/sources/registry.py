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
import re
import urllib.parse

from oslo_config import cfg

from reposync import exception
from reposync import reference as ref
from reposync.sources import base
from reposync.sources import convert
from reposync.sources import documents
from reposync.sources import governor
from reposync.sources import hybrid
from reposync.sources import manifests
from reposync.sources import registry_archive
from reposync.sources import registry_blob
from reposync.sources import registry_client
from reposync.sources import registry_hosts as hosts
from reposync.sources import registry_look

_LONGEST_MANIFEST = 4 * 1024 * 1024
_TAGS_PAGE = 500
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_ACCEPT = {"Accept": manifests.ACCEPT}


class RegistrySource(base.Source):
    """Registries that speak version 2 of the API."""

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration."""
        super().__init__(conf)
        self._client = registry_client.RegistryClient(conf)

    def resolve(
        self, reference: ref.Reference, platform: str
    ) -> base.ResolvedImage:
        """See `base.Source.resolve`."""
        path = f"manifests/{reference.digest or reference.tag}"
        with self._slot(reference):
            answer = self._client.open(
                reference, path, method="HEAD", headers=_ACCEPT
            )
            registry_client.discard(answer)
            digest = answer.headers.get("docker-content-digest") or ""
            if not _DIGEST.fullmatch(digest):
                # Not every registry tells; then its content does.
                body, _ = self._get(reference, path, _LONGEST_MANIFEST)
                digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
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
        reader = registry_blob.BlobReader(
            self._client, reference, self.conf.registry.attempts
        )
        layers = convert.Unpacking(reader.read)
        most = self.conf.registry.max_image_size * 1024**3
        digest, manifest = registry_archive.prepare(
            found, layers, progress, most
        )
        reader.expect(found.manifest.distinct_layers())
        layout = hybrid.Layout(reference, digest, manifest, found.config)
        archive = registry_archive.RegistryArchive(
            found.complete,
            layout.size,
            lambda: layout.pieces(layers.read),
            reader.stop,
            progress,
            self._longest_silence(),
        )
        with contextlib.closing(archive):
            yield archive

    def tags(self, repository: ref.Reference) -> Iterator[str]:
        """See `base.Source.tags`."""
        path: str | None = f"tags/list?n={_TAGS_PAGE}"
        while path:
            with self._slot(repository):
                body, answer = self._get(repository, path, _LONGEST_MANIFEST)
            try:
                found = documents.load_leniently(body).get("tags") or []
                yield from map(str, found)
            except (ValueError, TypeError) as error:
                raise exception.SourceError(
                    f"{repository.registry} lists no tags of {repository}"
                ) from error
            path = _next(answer.headers.get("link"))

    def budgets(self) -> dict[str, governor.Budget]:
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

    def _get(
        self,
        reference: ref.Reference,
        path: str,
        most: int,
        *,
        counted: bool = False,
    ) -> tuple[bytes, hosts.Answer]:
        answer = self._client.open(
            reference, path, headers=_ACCEPT, counted=counted
        )
        try:
            data = answer.read(most + 1)
        except hosts.BROKEN as error:
            raise hosts.unavailable(reference.registry, error) from error
        finally:
            answer.close()
        if len(data) > most:
            raise exception.ImageUnsupported(
                f"{reference} cannot be copied: its manifest or configuration "
                f"has more than {most} bytes"
            )
        return data, answer

    def _promised(
        self, resolved: base.ResolvedImage, digest: str
    ) -> tuple[bytes, str]:
        """Get a manifest that the registry has named; its type, too."""
        body, answer = self._get(
            resolved.reference,
            f"manifests/{digest}",
            _LONGEST_MANIFEST,
            counted=True,
        )
        media_type = answer.headers.get("content-type") or ""
        # Its digest is not that of its body.
        manifests.refuse_schema_1(str(resolved.reference), media_type)
        _check(body, digest)
        return body, media_type

    def _config(
        self, reference: ref.Reference, manifest: manifests.Manifest
    ) -> bytes:
        digest = manifest.config.digest
        data, _ = self._get(
            reference, f"blobs/{digest}", manifests.LONGEST_CONFIG
        )
        _check(data, digest)
        return data

    def _longest_silence(self) -> float:
        # What reads a blob gives up by itself; this is for the unforeseen.
        options = self.conf.registry
        one = options.read_timeout + options.connect_timeout
        return float((one + governor.PATIENCE) * options.attempts**2)


def _check(data: bytes, digest: str) -> None:
    algorithm, _, value = digest.partition(":")
    found = hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()
    if found != value:
        raise exception.ArchiveDamaged(
            f"The registry served something else than {digest}"
        )


def _next(link: str | None) -> str | None:
    """Read the address of the next page (RFC 8288)."""
    found = re.match(r'<([^>]+)>;\s*rel="?next"?', link or "")
    if not found:
        return None
    query = urllib.parse.urlsplit(found[1]).query
    return f"tags/list?{query}"
