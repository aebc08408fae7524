# SPDX-License-Identifier: Apache-2.0
"""Tells a tag that moved from an image that changed.

Where an image has several platforms its tag points at an index, which moves
whenever one of them changes, is added or is signed.  The image of one platform
is the same as long as its manifest is; and as long as its configuration is,
which names its layers as they are unpacked, whatever else is in the manifest.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
import contextlib
from contextlib import AbstractContextManager
import dataclasses
from typing import Any

from reposync.sources import base as source

#: The property with the digest of the platform's manifest.
MANIFEST = "docker_manifest_digest"


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """What a catalogue knows of an image.

    :ivar image_id: digest of the image configuration
    :ivar digest: what the tag pointed at
    :ivar manifest: digest of the manifest of the platform
    """

    image_id: str | None
    digest: str | None
    manifest: str | None
    platform: str | None

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> "Kept":
        """Read the properties of an image, in lower case."""
        return cls(
            found.get("docker_id"),
            found.get("docker_digest"),
            found.get(MANIFEST),
            found.get("docker_platform"),
        )

    def compare(
        self, resolved: source.ResolvedImage
    ) -> source.ResolvedImage | None:
        """Tell whether an image is what a registry holds now.

        The registry is asked for what is not known, once.

        :returns: what the registry holds, and what was learnt of it; None if
            it is another image
        :raises SourceError: the registry does not say
        """
        known = {self.digest, self.manifest} - {None}
        if self.platform != resolved.platform or not known:
            return None
        if resolved.digest in known:
            return resolved
        manifest = resolved.manifest()
        if manifest is not None:
            resolved = dataclasses.replace(resolved, manifest_digest=manifest)
            if manifest in known:
                return resolved
        if self.image_id is None:
            return None
        if resolved.image_id is None:
            resolved = resolved.complete()
        return resolved if resolved.image_id == self.image_id else None

    def changes(self, resolved: source.ResolvedImage) -> dict[str, str]:
        """Give the properties that are others now."""
        now = {"docker_digest": resolved.digest}
        if resolved.manifest_digest is not None:
            now[MANIFEST] = resolved.manifest_digest
        was = {"docker_digest": self.digest, MANIFEST: self.manifest}
        return {key: value for key, value in now.items() if was[key] != value}


class Same(Exception):
    """What was opened to be copied is in the catalogue already.

    :ivar found: what `compared` was given to find it with gave
    """

    def __init__(self, found: Any):
        """Keep what was found."""
        super().__init__("the image is in the catalogue already")
        self.found = found


@contextlib.contextmanager
def compared(
    archive: AbstractContextManager[source.Archive],
    find: Callable[[source.ResolvedImage], Any],
) -> Iterator[source.Archive]:
    """Open an archive, unless the catalogue holds what is in it.

    Not every source can tell before.

    :param find: gives what the catalogue holds of it, or None
    :raises Same: it holds it
    """
    with archive as opened:
        found = find(opened.resolved)
        if found is not None:
            raise Same(found)
        yield opened
