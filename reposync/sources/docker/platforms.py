# SPDX-License-Identifier: Apache-2.0
"""Which manifest of an image an engine has, if it keeps them at all.

An engine with the image store of containerd keeps what a registry has: for
an image of several platforms the index and, of its manifests, those that
were pulled.  Since version 1.48 the API lists them
(https://docs.docker.com/reference/api/engine/version-history/).
"""

from collections.abc import Mapping
import dataclasses
from typing import Any

from reposync.sources import base
from reposync.sources.docker import answers
from reposync.sources.oci import platforms


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """What is to be saved of an image.

    :ivar digest: of a manifest or an index that leads to the image
    :ivar platform: as the engine takes it; None where it has no choice
    """

    digest: str
    platform: Mapping[str, str] | None = None


def find(found: Mapping[str, Any], resolved: base.ResolvedImage) -> Target:
    """Find the manifest of the platform that was pulled.

    :param found: as the engine describes the image
    :raises PlatformNotFound: it has none for the platform
    :raises SourceError: the description cannot be understood
    """
    manifests = [
        each
        for each in answers.manifests(resolved, found)
        if each.get("Kind") == "image" and answers.platform(each)
    ]
    if not manifests:
        return Target(resolved.digest)
    # What was pulled is there; the rest of the index may not be.
    present = [each for each in manifests if each.get("Available")]
    chosen = (present or manifests)[
        platforms.choose(
            str(resolved.reference),
            platforms.Platform.parse(resolved.platform),
            [
                platforms.Platform.of(answers.platform(each))
                for each in present or manifests
            ],
        )
    ]
    words = ("os", "architecture", "variant", "os.version")
    named = answers.platform(chosen)
    name = str(resolved.reference)
    return Target(
        answers.digest(chosen["Descriptor"], name, "digest"),
        {key: str(named[key]) for key in words if named.get(key)},
    )
