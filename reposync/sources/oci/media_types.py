# SPDX-License-Identifier: Apache-2.0
"""What registries call manifests, configurations and layers.

The types of Docker (https://distribution.github.io/distribution/spec/
manifest-v2-2/) and OCI (https://github.com/opencontainers/image-spec/blob/
main/media-types.md), and what tools and registries write instead.
"""

import re

_DOCKER = "application/vnd.docker"
_OCI = "application/vnd.oci.image"
DOCKER_MANIFEST = f"{_DOCKER}.distribution.manifest.v2+json"
DOCKER_INDEX = f"{_DOCKER}.distribution.manifest.list.v2+json"
OCI_MANIFEST = f"{_OCI}.manifest.v1+json"
OCI_INDEX = f"{_OCI}.index.v1+json"
DOCKER_CONFIG = f"{_DOCKER}.container.image.v1+json"
OCI_CONFIG = f"{_OCI}.config.v1+json"
#: Engines look into a layer of this type to see how it is packed.
DOCKER_LAYER = f"{_DOCKER}.image.rootfs.diff.tar"
SCHEMA_1 = f"{_DOCKER}.distribution.manifest.v1"

INDEXES = frozenset({DOCKER_INDEX, OCI_INDEX})
MANIFESTS = frozenset({DOCKER_MANIFEST, OCI_MANIFEST})

#: Types that say nothing: those of web servers, object stores and caches.
#: Engines take them for a configuration, too
#: (https://github.com/moby/moby/issues/30083).
_PLAIN = frozenset(
    {
        "",
        "application/octet-stream",
        "binary/octet-stream",
        "application/json",
        "application/x-json",
        "text/json",
        "text/plain",
        "text/html",
    }
)
_PLAIN_LAYERS = _PLAIN | {
    "application/gzip",
    "application/x-gzip",
    "application/tar",
    "application/x-tar",
    "application/tar+gzip",
    "application/x-tar+gzip",
    "application/x-gtar",
}
_LAYER = re.compile(
    r"application/vnd\.(docker\.image\.rootfs\.diff|oci\.image\.layer\.v1)"
    r"\.tar(?:[.+](gzip|gz|zstd|zst|e?stargz))?"
)
_PACKINGS = {"zstd": "zstd", "zst": "zstd"}
#: Parts of types, and what to say of a layer of such a type.
_REASONS = (
    (
        r"foreign|nondistributable",
        "may not be distributed (its type is {kind!r})",
    ),
    (
        r"\+encrypted",
        "is encrypted (its type is {kind!r}). Engines cannot load it; push "
        "the image without encryption",
    ),
    (
        r"in-toto|dsse|cosign|sigstore|simplesigning|spdx|cyclonedx",
        "is a signature or an attestation (its type is {kind!r}): a "
        "statement about an image, and no image",
    ),
    (
        r"erofs|nydus|overlaybd|soci",
        "is of the type {kind!r}, which engines without a snapshotter of "
        "that kind cannot load. Push the image with layers of gzip",
    ),
)


def clean(value: str) -> str:
    """Leave out parameters, spaces and the case (RFC 9110, 8.3.1)."""
    return value.partition(";")[0].strip().lower()


def is_plain(media_type: str) -> bool:
    """Tell whether a type says nothing of what is in it."""
    return media_type in _PLAIN


def config(media_type: str, manifest: str) -> str | None:
    """Give the usual type of an image's configuration.

    :param media_type: as it was written, cleaned
    :param manifest: the type of its manifest
    :returns: None if it belongs to something else
    """
    if media_type.startswith(f"{_DOCKER}.container.image."):
        return DOCKER_CONFIG
    if media_type.startswith(f"{_OCI}.config."):
        return OCI_CONFIG
    if media_type not in _PLAIN:
        return None
    return OCI_CONFIG if manifest == OCI_MANIFEST else DOCKER_CONFIG


def layer(media_type: str) -> str | None:
    """Give the usual type of a layer; None if it is none of an image."""
    if media_type in _PLAIN_LAYERS:
        return DOCKER_LAYER
    found = _LAYER.fullmatch(media_type)
    if not found:
        return None
    family, packing = found.groups()
    if not packing:
        return media_type
    plus = "." if family.startswith("docker") else "+"
    packing = _PACKINGS.get(packing, "gzip")
    return f"application/vnd.{family}.tar{plus}{packing}"


def refusal(media_type: str) -> str:
    """Say why a layer cannot be carried, as the end of a sentence."""
    kind = media_type[:100]
    for pattern, reason in _REASONS:
        if re.search(pattern, media_type):
            return reason.format(kind=kind)
    return f"is of the type {kind!r}, which is no layer of a container image"
