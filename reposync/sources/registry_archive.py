# SPDX-License-Identifier: Apache-2.0
"""An archive that a registry's blobs are put into as they come."""

from collections.abc import Callable
from collections.abc import Iterator
import dataclasses
import json
from typing import Any

from reposync import exception
from reposync.sources import base
from reposync.sources import convert
from reposync.sources import manifests
from reposync.sources import platforms
from reposync.sources import watch


class RegistryArchive:
    """What a registry serves, checked as it flows."""

    def __init__(
        self,
        resolved: base.ResolvedImage,
        size: int,
        begin: Callable[[], Iterator[bytes]],
        stop: Callable[[], None],
        progress: base.Progress,
        silence: float,
    ):
        """Store what is needed to begin.

        :param begin: gives the pieces
        :param stop: ends them from another thread
        :param silence: seconds without a piece that are too long
        """
        self.size: int | None = size
        self.resolved = dataclasses.replace(resolved, size=size)
        self._begin = begin
        self._stop = stop
        self._progress = progress
        self._silence = silence
        self._done = 0
        self._watched: watch.Watched[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        """See `base.Archive`."""
        if self._watched is not None:
            raise exception.ArchiveDamaged("An archive is read only once")
        self._tick()
        # Read in a thread of its own: the next layer is on its way while
        # the end of this one is still being stored.
        self._watched = watch.Watched(self._begin, self._tick, self._silence)
        for piece in self._watched:
            self._done += len(piece)
            self._tick()
            yield piece

    def close(self) -> None:
        """Stop reading."""
        self._stop()
        if self._watched is not None:
            self._watched.close()

    def _tick(self) -> None:
        self._progress("copying", self._done, self.size)


def measure(
    unpacking: convert.Unpacking,
    manifest: manifests.Manifest,
    diff_ids: list[str],
    progress: base.Progress,
) -> tuple[str, manifests.Manifest]:
    """Find out the lengths of layers that have to be unpacked.

    :returns: digest and manifest as they are with these layers unpacked
    :raises ArchiveDamaged: one does not unpack
    """
    layers = []
    for layer, diff_id in zip(manifest.layers, diff_ids, strict=True):
        if convert.is_packed(layer):
            unpacked = convert.measure(
                layer,
                diff_id,
                unpacking.read,
                lambda done: progress("measuring", done, None),
            )
            unpacking.add(layer, unpacked)
            layers.append(unpacked)
        else:
            layers.append(layer)
    return convert.rewritten(manifest, layers)


def complete(
    resolved: base.ResolvedImage, manifest: manifests.Manifest, config: bytes
) -> tuple[base.ResolvedImage, list[str]]:
    """Add what the image configuration tells; gives its diff_ids, too.

    https://github.com/opencontainers/image-spec/blob/main/config.md

    :raises ImageUnsupported: it is no configuration of this image
    :raises PlatformNotFound: it is for another platform
    """
    name = resolved.reference
    try:
        value: dict[str, Any] = json.loads(config)
        labels = (value.get("config") or {}).get("Labels") or {}
        diff_ids = list(map(str, value["rootfs"].get("diff_ids") or []))
        found = platforms.Platform.of(value)
        labels = {str(key): str(text) for key, text in labels.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise exception.ImageUnsupported(
            f"{name} cannot be copied: its configuration is none of an image"
        ) from error
    if len(diff_ids) != len(manifest.layers):
        raise exception.ImageUnsupported(
            f"{name} cannot be copied: its manifest has "
            f"{len(manifest.layers)} layers, its configuration {len(diff_ids)}"
        )
    platforms.choose(
        str(name), platforms.Platform.parse(resolved.platform), [found]
    )
    found_image = dataclasses.replace(
        resolved,
        image_id=manifest.config.digest,
        labels=labels,
        os=found.os,
        architecture=found.architecture,
    )
    return found_image, diff_ids
