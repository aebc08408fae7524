# SPDX-License-Identifier: Apache-2.0
"""Follows a tag to the image of a platform, as far as somebody wants to know.

The digest of its manifest is in the index, one question away; the manifest and
the configuration are two more.  Registries count them, so nothing is asked for
twice.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
import dataclasses

from reposync import exception
from reposync.sources import base
from reposync.sources.oci import manifests
from reposync.sources.oci import media_types
from reposync.sources.oci import platforms
from reposync.sources.registry import archive

_DEEPEST_INDEX = 3


class Look:
    """One look at an image, by one thread.

    :param get: gives a manifest of a digest, and its type
    :param config: gives the configuration that a manifest names
    :param slot: held while the registry is asked
    """

    def __init__(
        self,
        resolved: base.ResolvedImage,
        get: Callable[[str], tuple[bytes, str]],
        config: Callable[[manifests.Manifest], bytes],
        slot: Callable[[], AbstractContextManager[None]],
    ):
        """Begin at what the tag points at."""
        self._resolved = resolved
        self._get = get
        self._config = config
        self._slot = slot
        self._digest = resolved.digest
        self._platform: platforms.Platform | None = None
        self._steps = 0
        self._is_leaf = False
        self._manifest: manifests.Manifest | None = None
        self._description: archive.Description | None = None

    def digest(self) -> str:
        """Give the digest of the manifest.

        :raises SourceError: as `base.Source.resolve`
        """
        with self._slot():
            while not self._is_leaf:
                self._step()
        return self._digest

    def __call__(self) -> base.ResolvedImage:
        """See `base.ResolvedImage.complete`."""
        return self.description().complete

    def description(self) -> archive.Description:
        """Give all that a registry tells before the layers.

        :raises SourceError: as `base.Source.resolve`
        """
        if self._description is None:
            self._description = self._describe()
        return self._description

    def _describe(self) -> archive.Description:
        with self._slot():
            while self._manifest is None:
                self._step()
            manifest = self._manifest
            config = self._config(manifest)
        complete, diff_ids = archive.complete(self._resolved, manifest, config)
        complete = dataclasses.replace(complete, manifest_digest=self._digest)
        return archive.Description(complete, manifest, config, diff_ids)

    def _step(self) -> None:
        """Get what is known by its digest alone."""
        name = str(self._resolved.reference)
        self._steps += 1
        if self._steps > _DEEPEST_INDEX:
            raise exception.ImageUnsupported(
                f"{name} cannot be copied: its indexes point to indexes"
            )
        body, media_type = self._get(self._digest)
        found = manifests.parse(name, body, media_type)
        if isinstance(found, manifests.Manifest):
            self._is_leaf = True
            self._manifest = dataclasses.replace(
                found, platform=self._platform
            )
            return
        wanted = platforms.Platform.parse(self._resolved.platform)
        entry = found.choose(name, wanted)
        self._digest = entry.digest
        self._platform = entry.platform or self._platform
        self._is_leaf = entry.media_type in media_types.MANIFESTS
