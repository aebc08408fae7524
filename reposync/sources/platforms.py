# SPDX-License-Identifier: Apache-2.0
"""Platforms of images, and which of several is meant.

The words are Go's, as the OCI image index has them
(https://github.com/opencontainers/image-spec/blob/main/image-index.md); what
is the same platform follows containerd, which engines use.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
from typing import Any

from reposync import exception

# What is meant where a variant is left out.
_VARIANTS = {"arm64": "v8", "arm": "v7", "amd64": "v1"}
#: Marks entries of an index that are no images, such as attestations.
_UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True, slots=True)
class Platform:
    """Operating system, architecture and its variant, if any."""

    os: str
    architecture: str
    variant: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Platform":
        """Read ``os/architecture[/variant]``."""
        parts = [*text.split("/"), None, None]
        return cls(str(parts[0]), str(parts[1] or ""), parts[2])

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Platform":
        """Read the keys ``os``, ``architecture`` and ``variant``."""
        return cls(
            str(entry.get("os") or _UNKNOWN),
            str(entry.get("architecture") or _UNKNOWN),
            str(entry["variant"]) if entry.get("variant") else None,
        )

    @property
    def known(self) -> bool:
        """Tell whether it is a platform at all."""
        return self.os != _UNKNOWN

    def same(self, other: "Platform") -> bool:
        """Tell whether both mean the same; a variant may be left out."""
        return self._full() == other._full()

    def _full(self) -> tuple[str, str, str | None]:
        variant = self.variant or _VARIANTS.get(self.architecture)
        return self.os, self.architecture, variant

    def __str__(self) -> str:
        """Give ``os/architecture[/variant]``."""
        variant = f"/{self.variant}" if self.variant else ""
        return f"{self.os}/{self.architecture}{variant}"


def choose(name: str, wanted: Platform, present: Sequence[Platform]) -> int:
    """Find the platform that is wanted.

    :param name: of the image, for the error
    :returns: position of the first that is the same, or else of the first
        of the same architecture whose variant is not newer
    :raises PlatformNotFound: there is none; the text names those present
    """
    for position, each in enumerate(present):
        if each.same(wanted):
            return position
    older = [
        (each.variant or "", -position)
        for position, each in enumerate(present)
        if (each.os, each.architecture) == (wanted.os, wanted.architecture)
        and wanted.variant
        and (each.variant or "") < wanted.variant
    ]
    if older:
        return -max(older)[1]
    names = sorted({str(each) for each in present if each.known})
    raise exception.PlatformNotFound(
        f"{name} is not available for {wanted}, only for "
        f"{', '.join(names) or 'no platform that is named'}"
    )
