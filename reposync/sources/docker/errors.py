# SPDX-License-Identifier: Apache-2.0
"""Errors of an engine, told apart by their text.

The engine passes on what a registry answered with a status of its own, or as
the last event of a stream that began with status 200: only the words tell.
They are those of registries' error codes (https://distribution.github.io/
distribution/spec/api/#errors-2), which clients write in lower case and with
blanks, and fixed phrases of moby, with either image store, of containerd and
of Podman.  What none of them explains may be over the next time.
"""

from collections.abc import Callable
import dataclasses
import re

from reposync import exception
from reposync import retry
from reposync.sources import errors
from reposync.sources.docker import phrases as docker_phrases

#: Docker Hub counts pulls of the last six hours: a slot comes free any time.
_PAUSE = 15 * 60.0
_UNITS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}


class Incomplete(exception.ArchiveDamaged):
    """The engine lacks blobs of an image, and may not even know it."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Asked:
    name: str
    platform: str
    text: str
    shown: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Rule:
    """What a kind of error is known by; one of them is enough.

    :ivar make: makes the error
    :ivar phrases: a pattern for the words
    :ivar codes: clauses
    :ivar statuses: of the registry
    :ivar own: statuses of the engine itself
    """

    make: Callable[[_Asked], exception.SourceError]
    phrases: str = r"(?!)"
    codes: frozenset[str] = frozenset()
    statuses: frozenset[int] = frozenset()
    own: frozenset[int] = frozenset()

    def fits(self, said: docker_phrases.Said, status: int | None) -> bool:
        return (
            status in self.own
            or not said.statuses.isdisjoint(self.statuses)
            or not said.clauses.isdisjoint(self.codes)
            or re.search(self.phrases, said.text) is not None
        )


def translate(
    text: str, name: str, platform: str = "", status: int | None = None
) -> exception.SourceError:
    """Find the error that an engine's text stands for.

    :param text: what the engine said
    :param name: the reference that was asked for
    :param platform: the platform that was asked for
    :param status: that the engine itself answered with, if any
    """
    said = docker_phrases.Said(text, name)
    asked = _Asked(name, platform, text, errors.shorten(text))
    if said.page:
        return exception.SourceError(
            "What answers at [docker] host is no engine, or something before "
            f"it refuses what is needed to read {name} (status {status})"
        )
    for rule in _RULES:
        if rule.fits(said, status):
            return rule.make(asked)
    return exception.SourceUnavailable(
        f"{name} could not be read: {asked.shown}"
    )


def retry_after(text: str) -> float:
    """Find how long to wait in a registry's words, in seconds."""
    found = re.search(
        r"(?:retry[- ]after|try again in|resets? in|retry in)\D{0,3}"
        r"([0-9]{1,9})\s*(s|sec|m|min|h)?(?![a-z0-9])",
        text.lower(),
    )
    if not found:
        return _PAUSE
    seconds = float(found[1]) * _UNITS[found[2] or "s"]
    return min(seconds, retry.LONGEST_PAUSE)


def _no_room(asked: _Asked) -> exception.SourceError:
    return exception.SourceDiskFull(
        f"The engine has no room for {asked.name}. Free some, or see what "
        f"fills its disk with 'docker system df' ({asked.shown})"
    )


def _not_offered(asked: _Asked) -> exception.SourceError:
    return exception.SourceError(
        "The engine does not offer what is needed to read "
        f"{asked.name} ({asked.shown}). Use another engine, or the source "
        "registry"
    )


def _incomplete(asked: _Asked) -> exception.SourceError:
    return Incomplete(
        f"The engine cannot save {asked.name}, as it lacks a part of it "
        f"({asked.shown})"
    )


def _rate_limited(asked: _Asked) -> exception.SourceError:
    return errors.rate_limited(asked.text, retry_after(asked.text))


def _no_platform(asked: _Asked) -> exception.SourceError:
    return exception.PlatformNotFound(
        f"{asked.name} is not available for {asked.platform} ({asked.shown})"
    )


def _unsupported(asked: _Asked) -> exception.SourceError:
    return exception.ImageUnsupported(
        f"The engine cannot pull {asked.name}: {asked.shown}"
    )


def _refused(asked: _Asked) -> exception.SourceError:
    return exception.SourceError(
        f"The registry refuses to serve {asked.name}: {asked.shown}"
    )


def _denied(asked: _Asked) -> exception.SourceError:
    return errors.denied(asked.name, asked.shown)


def _gone(asked: _Asked) -> exception.SourceError:
    return errors.not_found(asked.name, asked.shown)


def _perhaps_gone(asked: _Asked) -> exception.SourceError:
    return errors.not_found(asked.name, asked.shown, errors.PerhapsNotFound)


#: The first that fits counts.
_RULES = (
    _Rule(
        _no_room,
        r"no space left on device|disk quota exceeded|not enough space",
    ),
    _Rule(
        _not_offered,
        r"^((404 )?page not found|path name is not supported)$"
        r"|client version \S+ is too (old|new)",
        own=frozenset({405, 501}),
    ),
    _Rule(
        _incomplete,
        r"unable to create manifests file|no suitable export target found",
    ),
    _Rule(
        _rate_limited,
        r"pull rate limit|rate limit exceeded|(^|: )rate exceeded"
        r"|(^|: )too many requests",
        codes=frozenset({"toomanyrequests"}),
        statuses=frozenset({429}),
        own=frozenset({429}),
    ),
    _Rule(
        _no_platform,
        r"no matching manifest for|no match for platform in"
        r"|does not match the (specified|expected) platform"
        r"|does not provide (the specified|any) platform"
        r"|no manifest found for platform"
        r"|image operating system .* cannot be used on this platform"
        r"|cannot download image with operating system"
        r"|no image found in (manifest list|image index) for architecture"
        r"|a windows version .* is incompatible with a",
    ),
    _Rule(
        _unsupported,
        r"schema 1 (support has been removed|support is disabled by default"
        r"|image manifests are no longer supported)"
        r"|media type \S* ?is no longer supported|unsupported schema1"
        r"|unsupported (media type|manifest|layer media type|image-specific)"
        r"|encountered remote \S+ ?\(\S*\) when fetching"
        r"|unsupported manifest (format|media type)"
        r"|invalid rootfs in image configuration"
        r"|layers from manifest don't match image configuration"
        r"|mismatched image rootfs and manifest layers"
        r"|ai models are not yet supported"
        r"|media-type. (cannot determine|\S+ should not have)",
    ),
    _Rule(
        _denied,
        r"no basic auth credentials|incorrect username or password",
        codes=frozenset({"authentication required", "unauthorized"}),
        statuses=frozenset({401}),
        own=frozenset({401}),
    ),
    # Docker Hub answers like this for what does not exist, too.
    _Rule(_perhaps_gone, r"repository does not exist or may require"),
    _Rule(
        _denied,
        r"requested access to the resource is denied"
        r"|not authorized|authorization failed|access forbidden",
        codes=frozenset({"denied", "insufficient_scope", "invalid_token"}),
        statuses=frozenset({402, 403}),
        own=frozenset({403}),
    ),
    _Rule(
        _gone,
        # Harbor has a code of its own, which clients do not know.
        r"(^|: )unknown: (artifact|repository) name not found$",
        codes=frozenset(
            {
                "manifest unknown",
                "name unknown",
                "repository name not known to registry",
            }
        ),
    ),
    # A 404 to a HEAD.  One that a blob gets, or a page of something between,
    # says nothing of the image.
    _Rule(_perhaps_gone, r"failed to resolve reference \S+: name: not found"),
    _Rule(
        _refused,
        r"invalid reference format",
        codes=frozenset(
            {
                "unsupported",
                "name invalid",
                "tag invalid",
                "manifest invalid",
                "manifest unverified",
            }
        ),
        statuses=frozenset({451}),
    ),
)
