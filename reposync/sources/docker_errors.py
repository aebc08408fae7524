# SPDX-License-Identifier: Apache-2.0
"""Errors of an engine, told apart by their text.

The engine passes on what a registry answered with status 500, or as the last
event of a stream that began with status 200: only the words tell.  They are
those of the registry's error codes (https://distribution.github.io/
distribution/spec/api/#errors-2) and of the engine's own messages.
"""

from collections.abc import Callable
import re

from reposync import exception
from reposync.sources import errors

#: Docker Hub counts pulls of the last six hours: a slot comes free any time.
_PAUSE = 15 * 60.0
_UNITS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}


def _disk_full(name: str, said: str) -> exception.SourceError:
    return exception.SourceDiskFull(
        f"The engine has no room for {name}. Free some, or see what fills "
        f"its disk with 'docker system df' ({said})"
    )


_KINDS: tuple[tuple[str, Callable[[str, str], exception.SourceError]], ...] = (
    (
        r"no space left|disk quota exceeded|not enough space",
        _disk_full,
    ),
    (
        r"manifest unknown|name unknown|repository name not known|"
        r"repository does not exist|not found|404",
        errors.not_found,
    ),
    (
        r"unauthorized|no basic auth credentials|denied|forbidden|"
        r"authentication required|incorrect username or password|401|403",
        errors.denied,
    ),
)
_NO_PLATFORM = (
    r"no matching manifest|does not match the specified platform|"
    r"image operating system .* cannot be used"
)


def translate(
    text: str, name: str, platform: str = ""
) -> exception.SourceError:
    """Find the error that an engine's text stands for.

    :param text: what the engine said
    :param name: the reference that was asked for
    :param platform: the platform that was asked for
    """
    shown = errors.shorten(text)
    lowered = text.lower()
    if re.search(r"toomanyrequests|too many requests|rate ?limit", lowered):
        return errors.rate_limited(text, retry_after(lowered))
    if re.search(_NO_PLATFORM, lowered):
        return exception.PlatformNotFound(
            f"{name} is not available for {platform} ({shown})"
        )
    for pattern, kind in _KINDS:
        if re.search(pattern, lowered):
            return kind(name, shown)
    return exception.SourceUnavailable(f"{name} could not be read: {shown}")


def retry_after(text: str) -> float:
    """Find how long to wait in a registry's words, in seconds."""
    found = re.search(
        r"(?:retry[- ]after|try again in|resets? in|retry in)\D{0,3}"
        r"(\d+)\s*(s|sec|m|min|h)?(?![a-z0-9])",
        text,
    )
    if not found:
        return _PAUSE
    return float(found[1]) * _UNITS[found[2] or "s"]
