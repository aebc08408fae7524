# SPDX-License-Identifier: Apache-2.0
"""Descriptors: how manifests speak of blobs and of other manifests.

https://github.com/opencontainers/image-spec/blob/main/descriptor.md
"""

from collections.abc import Mapping
import dataclasses
import re
from typing import Any

from reposync import reference as ref
from reposync.sources.oci import media_types
from reposync.sources.oci import platforms

#: Sizes are 64-bit numbers everywhere; the sum of an image's and what an
#: archive adds shall be one, too.
MOST_BYTES = 2**62
#: The spec lets others be, such as ``blake3``.
_OTHER_DIGEST = re.compile(
    r"(?!sha(?:256|512):)[a-z0-9+._-]{1,40}:[\w=-]{1,300}"
)


class OtherDigest(ValueError):
    """A digest of an algorithm that is not known here."""


@dataclasses.dataclass(frozen=True, slots=True)
class Descriptor:
    """What a manifest says of a blob or another manifest.

    :ivar media_type: in lower case and without parameters
    :ivar digest: ``sha256:<hex>`` or ``sha512:<hex>``
    :ivar size: bytes, below 2**62
    :ivar platform: None where the entry of an index does not say
    :ivar artifact: whether it is marked as something else than an image
    """

    media_type: str
    digest: str
    size: int
    platform: platforms.Platform | None = None
    artifact: bool = False

    @classmethod
    def parse(cls, value: object) -> "Descriptor":
        """Read a descriptor.

        :raises ValueError: it is none
        """
        if not isinstance(value, dict):
            raise ValueError("a descriptor is no object")
        digest, size = value.get("digest"), value.get("size")
        if not isinstance(digest, str):
            raise ValueError("a digest is no text")
        if not ref.is_digest(digest):
            other = _OTHER_DIGEST.fullmatch(digest)
            kind = OtherDigest if other else ValueError
            raise kind("a digest is none of those that are known")
        if not isinstance(size, int) or isinstance(size, bool):
            raise ValueError("a size is no whole number")
        if not 0 <= size < MOST_BYTES:
            raise ValueError("a size is not between 0 and 2**62")
        return cls(
            media_types.clean(text(value, "mediaType")),
            digest,
            size,
            _platform(value.get("platform")),
            bool(value.get("artifactType")) or _is_attestation(value),
        )


def _platform(entry: object) -> platforms.Platform | None:
    found = platforms.Platform.of(entry if isinstance(entry, dict) else {})
    if found.blank:
        return None
    # To an engine an entry without an operating system is for its own.
    return dataclasses.replace(found, os=found.os or "linux")


def _is_attestation(value: Mapping[str, Any]) -> bool:
    """Tell what BuildKit marks as being about another entry."""
    notes = value.get("annotations")
    return isinstance(notes, dict) and "vnd.docker.reference.type" in notes


def text(value: Mapping[str, Any], key: str) -> str:
    """Give a text; "" if it is left out.

    :raises ValueError: it is something else
    """
    found = value.get(key)
    if found is not None and not isinstance(found, str):
        raise ValueError(f"{key} is no text")
    return found or ""


def entries(value: Mapping[str, Any], key: str) -> list[Any]:
    """Give a list; an empty one if it is left out.

    :raises ValueError: it is something else
    """
    found = value.get(key)
    if found is not None and not isinstance(found, list):
        raise ValueError(f"{key} is no list")
    return found or []
