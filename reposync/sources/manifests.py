# SPDX-License-Identifier: Apache-2.0
"""Manifests and indexes, Docker's and OCI's.

Docker Image Manifest V2, Schema 2
(https://distribution.github.io/distribution/spec/manifest-v2-2/) and the OCI
Image Format (https://github.com/opencontainers/image-spec).
"""

from collections.abc import Mapping
import dataclasses
import json
import re
from typing import Any

from reposync import exception
from reposync.sources import platforms

_DOCKER = "application/vnd.docker"
_OCI = "application/vnd.oci.image"
DOCKER_MANIFEST = f"{_DOCKER}.distribution.manifest.v2+json"
DOCKER_INDEX = f"{_DOCKER}.distribution.manifest.list.v2+json"
OCI_MANIFEST = f"{_OCI}.manifest.v1+json"
OCI_INDEX = f"{_OCI}.index.v1+json"
#: What is asked for; always the same, as the digest depends on it.
ACCEPT = ", ".join((OCI_INDEX, DOCKER_INDEX, OCI_MANIFEST, DOCKER_MANIFEST))

_SCHEMA_1 = f"{_DOCKER}.distribution.manifest.v1"
_CONFIGS = (f"{_DOCKER}.container.image.v1+json", f"{_OCI}.config.v1+json")
_LAYERS = (
    f"{_DOCKER}.image.rootfs.diff.tar",
    f"{_DOCKER}.image.rootfs.diff.tar.gzip",
    f"{_DOCKER}.image.rootfs.diff.tar.zstd",
    f"{_OCI}.layer.v1.tar",
    f"{_OCI}.layer.v1.tar+gzip",
    f"{_OCI}.layer.v1.tar+zstd",
)
_FOREIGN = re.compile(r"foreign|nondistributable")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_MOST_LAYERS = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Descriptor:
    """What a manifest says of a blob or another manifest.

    :ivar digest: ``sha256:<hex>`` or ``sha512:<hex>``
    :ivar size: bytes
    """

    media_type: str
    digest: str
    size: int
    platform: platforms.Platform | None = None

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> "Descriptor":
        """Read a descriptor.

        :raises ValueError: it is none
        """
        media_type, digest = value.get("mediaType") or "", value["digest"]
        size, entry = value["size"], value.get("platform")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise ValueError("a size is no number")
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise ValueError("a digest is none of those that are known")
        platform = platforms.Platform.of(entry) if entry else None
        return cls(str(media_type), digest, size, platform)


@dataclasses.dataclass(frozen=True, slots=True)
class Index:
    """A list of manifests, one for each platform."""

    manifests: tuple[Descriptor, ...]

    def choose(self, name: str, wanted: platforms.Platform) -> Descriptor:
        """Find the manifest of a platform.

        :raises PlatformNotFound: there is none
        """
        images = [
            each
            for each in self.manifests
            if each.platform is None or each.platform.known
        ]
        if len(images) == 1 and images[0].platform is None:
            return images[0]
        named = [each for each in images if each.platform is not None]
        present = [each.platform for each in named if each.platform]
        return named[platforms.choose(name, wanted, present)]


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of an image of one platform.

    :ivar body: as the registry has it
    :ivar media_type: of the manifest itself
    """

    body: bytes
    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]

    def distinct_layers(self) -> list[Descriptor]:
        """List the layers; one that occurs more than once is there once."""
        return list({layer.digest: layer for layer in self.layers}.values())


def parse(name: str, body: bytes, media_type: str) -> Index | Manifest:
    """Read what a registry holds under a name.

    :param name: of the image, for the error
    :param media_type: as the registry says
    :raises ImageUnsupported: it is no image, or of a kind that cannot be
        carried; the text says why
    """
    try:
        value = json.loads(body)
        media_type = value.get("mediaType") or media_type.partition(";")[0]
        if media_type in (DOCKER_INDEX, OCI_INDEX):
            return Index(
                tuple(map(Descriptor.parse, value.get("manifests") or []))
            )
        if media_type in (DOCKER_MANIFEST, OCI_MANIFEST):
            return _manifest(name, body, media_type, value)
        if value.get("schemaVersion") == 1:
            media_type = _SCHEMA_1
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unsupported(
            name, f"its manifest cannot be understood ({error})"
        ) from error
    refuse_schema_1(name, media_type)
    raise _unsupported(name, f"it is of the type {media_type[:100]!r}")


def refuse_schema_1(name: str, media_type: str) -> None:
    """Say why a manifest of the first schema cannot be used.

    :raises ImageUnsupported: it is one
    """
    if media_type.startswith(_SCHEMA_1):
        raise _unsupported(
            name,
            "its manifest has schema 1, which names no sizes and is no "
            "longer in use. Push the image anew with a present tool",
        )


def _manifest(
    name: str, body: bytes, media_type: str, value: Mapping[str, Any]
) -> Manifest:
    config = Descriptor.parse(value["config"])
    kind = value.get("artifactType") or config.media_type
    if config.media_type not in _CONFIGS:
        raise _unsupported(
            name, f"it is no image but an artifact of the type {kind[:100]!r}"
        )
    layers = tuple(map(Descriptor.parse, value.get("layers") or []))
    if len(layers) > _MOST_LAYERS:
        raise _unsupported(name, f"it has {len(layers)} layers")
    for layer in layers:
        if _FOREIGN.search(layer.media_type):
            raise _unsupported(
                name,
                f"its layer {layer.digest} may not be distributed (it is of "
                f"the type {layer.media_type[:100]!r})",
            )
        if layer.media_type not in _LAYERS:
            raise _unsupported(
                name,
                f"its layer {layer.digest} is of the type "
                f"{layer.media_type[:100]!r}",
            )
    return Manifest(body, media_type, config, layers)


def _unsupported(name: str, why: str) -> exception.ImageUnsupported:
    return exception.ImageUnsupported(f"{name} cannot be copied: {why}")
