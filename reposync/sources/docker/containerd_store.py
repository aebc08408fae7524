# SPDX-License-Identifier: Apache-2.0
"""Copies from an engine with the image store of containerd.

Such an engine does not tell the digest of an image's configuration, and
saves layers as the registry has them.  So its archive is read twice, which
costs it no more than reading its disk: first to find out what is in it and
that nothing is missing, then to copy.  What comes out is the same archive as
from the registry itself, with the same image id.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import contextlib
import dataclasses
import functools
import hashlib

from reposync.sources import base
from reposync.sources.archive import stall_guard
from reposync.sources.archive import writer
from reposync.sources.archive import zstd
from reposync.sources.docker import archive as docker_archive
from reposync.sources.docker import client as docker_client
from reposync.sources.docker import containerd_archive
from reposync.sources.docker import platforms as docker_platforms
from reposync.sources.oci import manifests
from reposync.sources.oci import platforms
from reposync.sources.registry import archive as registry_archive


class StoredImage:
    """An image on an engine, which can be saved more than once.

    :param name: as the engine knows it
    :param stall: seconds of silence that are too long
    """

    def __init__(
        self,
        client: docker_client.Client,
        name: str,
        target: docker_platforms.Target,
        progress: base.Progress,
        stall: int,
    ):
        """Store where it is."""
        client.timeout = stall
        self._save = functools.partial(client.save, name, target.platform)
        self._target = target
        self._progress = progress
        self._stall = stall

    def archive(
        self, resolved: base.ResolvedImage, most: int
    ) -> docker_archive.DockerArchive:
        """Look through what the engine saves, and make the archive of it.

        :param most: bytes that the image may have
        :raises Incomplete: the engine does not have all of it
        :raises ImageUnsupported: it is no image that can be carried
        """
        found, places = self._look(resolved)
        reader = _Reader()
        unpacking = zstd.Unpacking(reader.read)
        with self._pieces() as pieces:
            reader.begin(pieces)
            digest, manifest = registry_archive.prepare(
                found,
                unpacking,
                self._progress,
                most,
                lambda layer: places[layer.digest],
            )
        order = _order(found.manifest, manifest, places)
        layout = writer.Layout(
            resolved.reference,
            digest,
            manifest,
            found.config,
            lambda layer: order[layer.digest],
        )

        def begin(archive: docker_archive.DockerArchive) -> Iterator[bytes]:
            reader.begin(archive.watched(self._save))
            return layout.pieces(unpacking.read)

        return docker_archive.DockerArchive(
            dataclasses.replace(found.complete, size=layout.size),
            begin,
            self._progress,
            self._stall,
        )

    def _look(
        self, resolved: base.ResolvedImage
    ) -> tuple[registry_archive.Description, Mapping[str, int]]:
        name = str(resolved.reference)
        with self._pieces() as pieces:
            contents = containerd_archive.Contents(pieces)
        named = self._target.platform
        manifest = contents.manifest(
            name,
            self._target.digest,
            platforms.Platform.parse(resolved.platform),
            platforms.Platform.of(named) if named else None,
        )
        config = contents.document(name, manifest.config.digest)
        complete, diff_ids = registry_archive.complete(
            resolved, manifest, config
        )
        digest = f"sha256:{hashlib.sha256(manifest.body).hexdigest()}"
        complete = dataclasses.replace(complete, manifest_digest=digest)
        return (
            registry_archive.Description(complete, manifest, config, diff_ids),
            contents.places,
        )

    @contextlib.contextmanager
    def _pieces(self) -> Iterator[stall_guard.Watched[bytes]]:
        watched = stall_guard.Watched(self._save, self._tick, self._stall)
        with contextlib.closing(watched):
            yield watched

    def _tick(self) -> None:
        self._progress("measuring", 0, None)


class _Reader:
    """Reads layers of the archive that was begun last."""

    def begin(self, pieces: stall_guard.Watched[bytes]) -> None:
        self._layers = containerd_archive.Layers(pieces)

    def read(self, layer: manifests.Descriptor) -> Iterator[bytes]:
        return self._layers.read(layer)


def _order(
    pulled: manifests.Manifest,
    made: manifests.Manifest,
    places: Mapping[str, int],
) -> dict[str, int]:
    """Give the place of each layer of a manifest that was made of another.

    Where two become the same, the one counts that is read: an unpacked one,
    and the last of these.
    """
    pairs = sorted(
        (old != new, places[old.digest], new.digest)
        for old, new in zip(pulled.layers, made.layers, strict=True)
    )
    return {digest: place for _, place, digest in pairs}


def keeps_manifests(
    found: Mapping[str, object], resolved: base.ResolvedImage
) -> bool:
    """Tell whether an engine has this kind of store.

    :param found: the image as the engine describes it, by the digest of
        ``resolved``
    """
    return found.get("Id") == resolved.digest
