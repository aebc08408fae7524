# SPDX-License-Identifier: Apache-2.0
"""Manifests and indexes, Docker's and OCI's.

Docker Image Manifest V2, Schema 2
(https://distribution.github.io/distribution/spec/manifest-v2-2/) and the OCI
Image Format (https://github.com/opencontainers/image-spec).
"""

from collections.abc import Mapping
import dataclasses
from typing import Any

from reposync import exception
from reposync.sources.oci import descriptors
from reposync.sources.oci import documents
from reposync.sources.oci import media_types
from reposync.sources.oci import platforms
from reposync.sources.oci.descriptors import Descriptor
from reposync.sources.oci.media_types import DOCKER_INDEX
from reposync.sources.oci.media_types import DOCKER_MANIFEST
from reposync.sources.oci.media_types import OCI_INDEX
from reposync.sources.oci.media_types import OCI_MANIFEST

#: What is asked for; always the same, as the digest depends on it.
ACCEPT = ", ".join((OCI_INDEX, DOCKER_INDEX, OCI_MANIFEST, DOCKER_MANIFEST))
#: Bytes of an image's configuration; usual ones have a few thousand.
LONGEST_CONFIG = 8 * 1024 * 1024

_MOST_LAYERS = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Index:
    """A list of manifests, one for each platform.

    :ivar broken: what is wrong with entries that are left out, if any are
    """

    manifests: tuple[Descriptor, ...]
    broken: str = ""

    def choose(self, name: str, wanted: platforms.Platform) -> Descriptor:
        """Find the manifest of a platform.

        An entry without a platform is taken if no other fits; then the
        configuration of its image has to say for which it is.

        :raises PlatformNotFound: there is none
        :raises ImageUnsupported: there are no images at all, or it may be
            an entry that is left out
        """
        images = [each for each in self.manifests if _may_be_image(each)]
        if not images and not self.broken:
            raise _unsupported(
                name, "its index lists no image, only artifacts or nothing"
            )
        unnamed = [each for each in images if each.platform is None]
        named = [each for each in images if each.platform is not None]
        present = [each.platform for each in named if each.platform]
        try:
            return named[platforms.choose(name, wanted, present)]
        except exception.PlatformNotFound:
            if unnamed:
                return unnamed[0]
            if self.broken:
                raise _unsupported(
                    name, f"its index cannot be understood ({self.broken})"
                ) from None
            raise


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of an image of one platform.

    :ivar body: as the registry has it
    :ivar media_type: of the manifest itself, one of the usual ones
    :ivar config: with one of the usual types, and so are the layers
    :ivar odd: whether the types in the body are others, which engines may
        not know
    :ivar platform: what the index said of it, if there was one that did
    """

    body: bytes
    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    odd: bool = False
    platform: platforms.Platform | None = None

    def distinct_layers(self) -> list[Descriptor]:
        """List the layers; one that occurs more than once is there once."""
        return list({layer.digest: layer for layer in self.layers}.values())


def parse(name: str, body: bytes, media_type: str) -> Index | Manifest:
    """Read what a registry holds under a name.

    What is in the body counts.  The registry's own word for it is often that
    of a web server; the spec lets the body leave its type out, too.

    :param name: of the image, for the error
    :param media_type: as the registry says
    :raises ImageUnsupported: it is no image, or of a kind that cannot be
        carried; the text says why
    """
    try:
        value = documents.load(body)
        own = media_types.clean(descriptors.text(value, "mediaType"))
        if value.get("schemaVersion") == 1 or "fsLayers" in value:
            own = media_types.SCHEMA_1
        refuse_schema_1(name, own)
        served = media_types.clean(media_type)
        if _is_index(value, own, served):
            return _index(descriptors.entries(value, "manifests"))
        if isinstance(value.get("config"), dict):
            return _manifest(name, body, own or served, value)
    except ValueError as error:
        raise _unsupported(
            name, f"its manifest cannot be understood ({error})"
        ) from error
    kind = (own or served)[:100]
    refuse_schema_1(name, kind)
    raise _unsupported(
        name, f"it is neither an image nor a list of some ({kind!r})"
    )


def refuse_schema_1(name: str, media_type: str) -> None:
    """Say why a manifest of the first schema cannot be used.

    :raises ImageUnsupported: it is one
    """
    if media_types.clean(media_type).startswith(media_types.SCHEMA_1):
        raise _unsupported(
            name,
            "its manifest has schema 1, which names no sizes and is no "
            "longer in use. Push the image anew with a present tool",
        )


def _is_index(value: Mapping[str, Any], own: str, served: str) -> bool:
    """Tell an index from a manifest.

    :raises ValueError: it may be read as either (CVE-2021-41190)
    """
    listed = bool(value.get("manifests"))
    image = bool(value.get("config") or value.get("layers"))
    if listed and image:
        raise ValueError("it is a manifest and an index at the same time")
    if listed and own in media_types.MANIFESTS:
        raise ValueError("it says that it is a manifest, but lists some")
    if image and own in media_types.INDEXES:
        raise ValueError("it says that it is an index, but has layers")
    return listed or (not image and (own or served) in media_types.INDEXES)


def _index(entries: list[Any]) -> Index:
    found, broken = [], ""
    for entry in entries:
        try:
            found.append(Descriptor.parse(entry))
        except descriptors.OtherDigest as error:
            # It is no matter until it is the one of the platform.
            broken = broken or str(error)
    return Index(tuple(found), broken)


def _manifest(
    name: str, body: bytes, kind: str, value: Mapping[str, Any]
) -> Manifest:
    config = Descriptor.parse(value["config"])
    found = _family(kind, config.media_type)
    usual = media_types.config(config.media_type, found)
    artifact = media_types.clean(descriptors.text(value, "artifactType"))
    plain = media_types.is_plain(config.media_type)
    if usual is None or (artifact and plain):
        kind = (artifact or config.media_type)[:100]
        raise _unsupported(
            name, f"it is no image but an artifact of the type {kind!r}"
        )
    if config.size > LONGEST_CONFIG:
        raise _unsupported(
            name,
            f"its configuration has {config.size} bytes, and at most "
            f"{LONGEST_CONFIG} are read",
        )
    entries = descriptors.entries(value, "layers")
    layers = _layers(name, entries)
    usual_config = dataclasses.replace(config, media_type=usual)
    usual_layers = tuple(_usual(name, layer) for layer in layers)
    _refuse_other_digests(name, [config, *layers])
    written = [
        descriptors.text(value, "mediaType") or found,
        *(each.get("mediaType") for each in (value["config"], *entries)),
    ]
    odd = written != [
        found,
        usual,
        *(layer.media_type for layer in usual_layers),
    ]
    return Manifest(body, found, usual_config, usual_layers, odd)


def _refuse_other_digests(name: str, blobs: list[Descriptor]) -> None:
    """Refuse what no engine loads (https://github.com/moby/moby/issues/48241).

    :raises ImageUnsupported: a blob is not named by its SHA-256
    """
    for blob in blobs:
        if not blob.digest.startswith("sha256:"):
            raise _unsupported(
                name,
                f"it names a blob by {blob.digest[:19]}..., and engines load "
                "only those named by sha256. Push it with sha256 digests",
            )


def _family(kind: str, config: str) -> str:
    if kind in media_types.MANIFESTS:
        return kind
    if media_types.config(config, OCI_MANIFEST) == media_types.DOCKER_CONFIG:
        return DOCKER_MANIFEST
    return OCI_MANIFEST


def _layers(name: str, entries: list[Any]) -> tuple[Descriptor, ...]:
    if len(entries) > _MOST_LAYERS:
        raise _unsupported(name, f"it has {len(entries)} layers")
    layers = tuple(map(Descriptor.parse, entries))
    if sum(layer.size for layer in layers) >= descriptors.MOST_BYTES:
        raise ValueError("the layers have more than 2**62 bytes in all")
    return layers


def _usual(name: str, layer: Descriptor) -> Descriptor:
    kind = media_types.layer(layer.media_type)
    if kind is None:
        reason = media_types.refusal(layer.media_type)
        raise _unsupported(name, f"its layer {layer.digest} {reason}")
    return dataclasses.replace(layer, media_type=kind)


def _may_be_image(entry: Descriptor) -> bool:
    if entry.artifact or (entry.platform and not entry.platform.known):
        return False
    kind = entry.media_type
    return media_types.is_plain(kind) or "manifest" in kind or "index" in kind


def _unsupported(name: str, why: str) -> exception.ImageUnsupported:
    return exception.ImageUnsupported(f"{name} cannot be copied: {why}")
