# SPDX-License-Identifier: Apache-2.0
"""An archive that a registry's blobs are put into as they come."""

from collections.abc import Callable
from collections.abc import Iterator
import dataclasses
import hashlib
import re
from typing import Any

from reposync import exception
from reposync.sources import base
from reposync.sources.archive import streamed
from reposync.sources.archive import zstd
from reposync.sources.oci import documents
from reposync.sources.oci import labels
from reposync.sources.oci import manifests
from reposync.sources.oci import platforms

_DIFF_ID = re.compile(r"sha256:[0-9a-f]{64}")


@dataclasses.dataclass(frozen=True, slots=True)
class Description:
    """What a registry tells of an image before its layers.

    :ivar diff_ids: digests of the layers as they are unpacked
    """

    complete: base.ResolvedImage
    manifest: manifests.Manifest
    config: bytes
    diff_ids: list[str]


class RegistryArchive(streamed.StreamedArchive):
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
        """
        known = dataclasses.replace(resolved, size=size)
        super().__init__(known, progress, silence)
        self._begin = begin
        self._stop = stop

    def _pieces(self) -> Iterator[bytes]:
        # In a thread of its own: the next layer is on its way while the end
        # of this one is still being stored.
        return iter(self.watched(self._begin))

    def close(self) -> None:
        """Stop reading."""
        self._stop()
        super().close()


def prepare(
    found: "Description",
    unpacking: zstd.Unpacking,
    progress: base.Progress,
    most: int,
    order: Callable[[manifests.Descriptor], int] = lambda _: 0,
) -> tuple[str, manifests.Manifest]:
    """Make the manifest of an archive that engines can load.

    It is the registry's own, unless layers have to be unpacked or engines
    would not know its types.  Layers are read to find out their lengths
    where they are unpacked.

    :param most: bytes that the image may have, packed and unpacked
    :param order: the key by which layers are sorted to be read
    :returns: its SHA-256 digest, and the manifest
    :raises ImageUnsupported: it is too large
    :raises ArchiveDamaged: a layer does not unpack
    """
    manifest, name = found.manifest, found.complete.reference
    rest = most - sum(layer.size for layer in manifest.distinct_layers())
    if rest < 0:
        raise exception.ImageUnsupported(
            f"{name} cannot be copied: its layers have {most - rest} bytes, "
            "more than [registry] max_image_size allows"
        )
    diff_ids = {
        layer.digest: diff_id
        for layer, diff_id in zip(manifest.layers, found.diff_ids, strict=True)
    }
    plain: dict[str, manifests.Descriptor] = {}
    for layer in sorted(manifest.distinct_layers(), key=order):
        if zstd.is_packed(layer):
            unpacked = zstd.measure(
                layer,
                diff_ids[layer.digest],
                unpacking.read,
                lambda done: progress("measuring", done, None),
                rest + layer.size,
            )
            rest -= unpacked.size - layer.size
            unpacking.add(layer, unpacked)
            plain[layer.digest] = unpacked
    layers = [plain.get(layer.digest, layer) for layer in manifest.layers]
    if manifest.odd or tuple(layers) != manifest.layers:
        return zstd.rewritten(manifest, layers)
    return f"sha256:{hashlib.sha256(manifest.body).hexdigest()}", manifest


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
        value: dict[str, Any] = documents.load_leniently(config)
        found_labels = labels.read((value.get("config") or {}).get("Labels"))
        diff_ids = list(map(str, value["rootfs"].get("diff_ids") or []))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise exception.ImageUnsupported(
            f"{name} cannot be copied: its configuration is none of an image"
        ) from error
    if len(diff_ids) != len(manifest.layers):
        raise exception.ImageUnsupported(
            f"{name} cannot be copied: its manifest has "
            f"{len(manifest.layers)} layers, its configuration {len(diff_ids)}"
        )
    if not all(map(_DIFF_ID.fullmatch, diff_ids)):
        raise exception.ImageUnsupported(
            f"{name} cannot be copied: its configuration names layers by "
            "something else than sha256, and no engine loads them"
        )
    found = manifest.platform
    if found is None:
        # No index has said it, so the configuration does.
        wanted = platforms.Platform.parse(resolved.platform)
        found = platforms.Platform.of(value).completed(wanted)
        platforms.choose(str(name), wanted, [found])
    found_image = dataclasses.replace(
        resolved,
        image_id=manifest.config.digest,
        labels=found_labels,
        os=found.os,
        architecture=found.architecture,
    )
    return found_image, diff_ids
