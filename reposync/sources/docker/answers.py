# SPDX-License-Identifier: Apache-2.0
"""What an engine describes, read with care.

An engine is the operator's own, but other programs speak its API, and old
ones another one.
"""

from collections.abc import Mapping
import dataclasses
import re
from typing import Any

from reposync import exception
from reposync import reference as ref
from reposync.sources import base
from reposync.sources.oci import labels
from reposync.sources.oci import platforms

_ID = re.compile(r"[\w:.+-]{1,200}", re.ASCII)


def resolved(
    reference: ref.Reference, platform: str, found: Any
) -> base.ResolvedImage:
    """Read what a registry holds under a name.

    :param found: as the distribution endpoint describes it
    :raises PlatformNotFound: it is not there for the platform
    :raises SourceError: it cannot be understood
    """
    name = str(reference)
    asked = platforms.Platform.parse(platform)
    present = [
        platforms.Platform.of(_object(entry, name, "Platforms"))
        for entry in _list(found, name, "Platforms")
    ]
    if len(present) == 1:
        present = [present[0].completed(asked)]
    if present:
        platforms.choose(name, asked, present)
    descriptor = _object(
        _member(found, name, "Descriptor"), name, "Descriptor"
    )
    return base.ResolvedImage(
        reference, digest(descriptor, name, "digest"), platform
    )


def complete(image: base.ResolvedImage, found: Any) -> base.ResolvedImage:
    """Add what the engine tells of an image.

    :raises PlatformNotFound: it is for another platform
    :raises SourceError: it cannot be understood
    """
    name = str(image.reference)
    # Its variant was looked at before the pull, in the index if any.
    asked = platforms.Platform.parse(image.platform)
    asked = dataclasses.replace(asked, variant=None)
    words = {
        "os": _member(found, name, "Os"),
        "architecture": _member(found, name, "Architecture"),
    }
    there = platforms.Platform.of(words).completed(asked)
    platforms.choose(name, asked, [there])
    config = _object(found.get("Config") or {}, name, "Config")
    return dataclasses.replace(
        image,
        image_id=digest(found, name, "Id"),
        labels=labels.read(
            _object(config.get("Labels") or {}, name, "Labels")
        ),
        os=there.os,
        architecture=there.architecture,
    )


def manifests(image: base.ResolvedImage, found: Any) -> list[dict[str, Any]]:
    """List the manifests that an engine has of an image, if it says.

    :returns: those of images, with a digest and a platform; of the latter a
        lone one has none
    :raises SourceError: they cannot be understood
    """
    name = str(image.reference)
    return [
        _object(entry, name, "Manifests")
        for entry in _list(found, name, "Manifests")
    ]


def platform(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the platform of an entry of an index, {} if it has none."""
    descriptor = manifest.get("Descriptor")
    if not isinstance(descriptor, dict):
        return {}
    found = descriptor.get("platform")
    return found if isinstance(found, dict) else {}


def image_id(found: Any, name: str) -> str:
    """Give the id of an image, in whatever form an engine has it.

    :raises SourceError: there is none
    """
    value = _member(found, name, "Id")
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise _unreadable(name, "Id is none")
    return value


def size(found: Any, name: str) -> int:
    """Give the bytes of an image, 0 if the engine does not say.

    :raises SourceError: it is no number
    """
    value = _member(found, name, "Size") or 0
    if not isinstance(value, int) or value < 0:
        raise _unreadable(name, "Size is no number of bytes")
    return value


def tags(found: Any, name: str) -> list[str]:
    """List the names of an image.

    :raises SourceError: they cannot be understood
    """
    return [str(tag) for tag in _list(found, name, "RepoTags")]


def description(found: Any, name: str) -> dict[str, Any]:
    """Give what describes an image.

    :raises SourceError: it is no JSON object
    """
    return _object(found, name, "the answer")


def trouble(event: Any) -> str | None:
    """Give the error that an event of a stream tells, if it does."""
    if not isinstance(event, dict) or "error" not in event:
        return None
    return str(event["error"]) or "an error without a text"


def digest(found: Any, name: str, key: str) -> str:
    """Give a digest.

    :raises SourceError: there is none
    """
    value = _member(found, name, key)
    if not isinstance(value, str) or not ref.is_digest(value):
        raise _unreadable(name, f"{key} is no digest")
    return value


def _member(found: Any, name: str, key: str) -> Any:
    return _object(found, name, "the answer").get(key)


def _list(found: Any, name: str, key: str) -> list[Any]:
    value = _member(found, name, key) or []
    if not isinstance(value, list):
        raise _unreadable(name, f"{key} is no list")
    return value


def _object(found: Any, name: str, key: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise _unreadable(name, f"{key} is no JSON object")
    return found


def _unreadable(name: str, why: str) -> exception.SourceError:
    return exception.SourceError(
        f"What answers at [docker] host describes {name} as no engine does: "
        f"{why}"
    )
