# SPDX-License-Identifier: Apache-2.0
"""Platforms of images, and which of several is meant.

The words are Go's, as the OCI image index has them
(https://github.com/opencontainers/image-spec/blob/main/image-index.md); what
is the same platform, and which one runs where, follows containerd
(https://github.com/containerd/platforms), which engines use.  Unlike it, an
image of another architecture is never taken, such as ``386`` for ``amd64``.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import re
from typing import Any

from reposync import exception
from reposync import texts

#: Marks entries of an index that are no images, such as attestations.
_UNKNOWN = "unknown"
_SYSTEMS = {"macos": "darwin"}
#: Other words for an architecture, and the variant that is meant by them.
_ARCHITECTURES: dict[str, tuple[str, str | None]] = {
    "i386": ("386", None),
    "x86_64": ("amd64", None),
    "x86-64": ("amd64", None),
    "aarch64": ("arm64", None),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
}
#: Variants are levels, ``(major, minor)``; these where none is named.
_BASE = {"arm64": (8, 0), "arm": (7, 0), "amd64": (1, 0)}
_LEVEL = re.compile(r"v?([0-9]{1,4})(?:\.([0-9]{1,4}))?", re.ASCII)
_MOST_AMD64 = 4
_OS = re.compile(r"([^()]*)(?:\(([^()+]*)((?:\+[^()+]*)*)\))?")
#: Every Windows has it, and older clients do not name it.
_COMMON_FEATURES = frozenset({"win32k"})
_LONGEST_WORD = 64


@dataclasses.dataclass(frozen=True, slots=True)
class Platform:
    """Operating system, architecture and its variant, if any.

    :ivar os: "" where it is not said
    :ivar architecture: likewise
    :ivar os_version: such as ``10.0.20348.1``; Windows images have one
    :ivar os_features: what the host has to offer
    """

    os: str
    architecture: str
    variant: str | None = None
    os_version: str | None = None
    os_features: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> "Platform":
        """Read ``os[(version[+feature])]/architecture[/variant]``."""
        system, _, rest = text.partition("/")
        architecture, _, variant = rest.partition("/")
        found = _OS.fullmatch(system)
        name, version, features = found.groups() if found else (system, "", "")
        return cls._normal(
            name, architecture, variant, version, (features or "").split("+")
        )

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Platform":
        """Read the keys of the OCI image index's ``platform``."""
        features = entry.get("os.features")
        return cls._normal(
            _word(entry.get("os")),
            _word(entry.get("architecture")),
            _word(entry.get("variant")),
            _word(entry.get("os.version")),
            map(_word, features if isinstance(features, list) else ()),
        )

    @classmethod
    def _normal(
        cls, os: str, architecture: str, variant: str, version: Any, more: Any
    ) -> "Platform":
        os, architecture = os.lower(), architecture.lower()
        architecture, meant = _ARCHITECTURES.get(
            architecture, (architecture, None)
        )
        level = variant.lower()
        if re.fullmatch(r"[0-9.]+", level):
            level = f"v{level}"
        if architecture == "386":
            level = ""
        return cls(
            _SYSTEMS.get(os, os),
            architecture,
            meant or level or None,
            version or None,
            frozenset(filter(None, more)) - _COMMON_FEATURES,
        )

    @property
    def known(self) -> bool:
        """Tell whether it is a platform at all."""
        return _UNKNOWN not in (self.os, self.architecture)

    @property
    def blank(self) -> bool:
        """Tell whether nothing is said."""
        return not self.os and not self.architecture

    def completed(self, wanted: "Platform") -> "Platform":
        """Put what is wanted where nothing is said, or nothing that can be.

        For what is no entry of an index: tools leave these fields of an
        image configuration empty, or write a variant of another architecture
        (``amd64`` with ``v8``,
        https://github.com/GoogleContainerTools/kaniko/issues/2967).
        """
        system = self.os if self.os not in ("", _UNKNOWN) else wanted.os
        name = self.architecture
        if name in ("", _UNKNOWN):
            name = wanted.architecture
        variant, level = self.variant, self._level()
        if name == "amd64" and (level is None or level[0] > _MOST_AMD64):
            variant = None
        return dataclasses.replace(
            self, os=system, architecture=name, variant=variant
        )

    def rank(self, other: "Platform") -> tuple[tuple[int, int], int] | None:
        """Tell how well an image of another platform does for this one.

        :returns: the more the better; None if it does not run there
        """
        same = (self.os, self.architecture) == (other.os, other.architecture)
        if not same or not other.os_features <= self.os_features:
            return None
        if not self._runs_version(other):
            return None
        mine, level = self._level(), other._level()
        if self.variant == other.variant:
            return level or (0, 0), len(other.os_features)
        if mine is not None and mine == level:
            return level, len(other.os_features)
        if other.variant is None and mine is None:
            return (0, 0), len(other.os_features)
        if mine is None or level is None or not self._covers(mine, level):
            return None
        return level, len(other.os_features)

    def _covers(self, mine: tuple[int, int], level: tuple[int, int]) -> bool:
        if self.architecture == "arm64":
            # Arm: version 9.n has all of 8.(n+5).
            (major, minor), (its_major, its_minor) = mine, level
            gap = 5 * (major - its_major)
            return its_major <= major and its_minor <= minor + gap
        return level < mine

    def _runs_version(self, other: "Platform") -> bool:
        if not self.os_version or not other.os_version:
            return True
        # Builds of Windows differ in the third number.
        build = self.os_version.split(".")[:3]
        return build == other.os_version.split(".")[:3]

    def _level(self) -> tuple[int, int] | None:
        if not self.variant:
            return _BASE.get(self.architecture, (0, 0))
        found = _LEVEL.fullmatch(self.variant)
        return (int(found[1]), int(found[2] or 0)) if found else None

    def __str__(self) -> str:
        """Give ``os[(version[+feature])]/architecture[/variant]``."""
        more = "+".join([self.os_version or "", *sorted(self.os_features)])
        system = f"{self.os}({more})" if more else self.os
        variant = f"/{self.variant}" if self.variant else ""
        return f"{system or _UNKNOWN}/{self.architecture}{variant}"


def choose(name: str, wanted: Platform, present: Sequence[Platform]) -> int:
    """Find the platform that is wanted.

    :param name: of the image, for the error
    :returns: position of the first of those that do best: the same, or else
        the same architecture with the newest variant that is not newer
    :raises PlatformNotFound: there is none; the text names those present
    """
    ranks = [
        (rank, -position)
        for position, each in enumerate(present)
        if (rank := wanted.rank(each)) is not None
    ]
    if ranks:
        return -max(ranks)[1]
    names = sorted({str(each) for each in present if each.known})
    raise exception.PlatformNotFound(
        f"{name} is not available for {wanted}, only for "
        f"{', '.join(names[:20]) or 'no platform that is named'}"
    )


def _word(value: object) -> str:
    """Read what somebody else wrote; what is no word is nothing."""
    if not isinstance(value, str):
        return ""
    return texts.printable(value[:_LONGEST_WORD]).strip()
