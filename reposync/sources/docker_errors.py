# SPDX-License-Identifier: Apache-2.0
"""Errors of an engine, told apart by their text.

The engine passes on what a registry answered with status 500, or as the last
event of a stream that began with status 200: only the words tell.  They are
those of the registry's error codes (https://distribution.github.io/
distribution/spec/api/#errors-2) and of the engine's own messages.
"""

import datetime
import re

from reposync import exception

#: Docker Hub counts pulls of the last six hours: a slot comes free any time.
_PAUSE = 15 * 60.0
_SHORT = 300
_UNITS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}

_KINDS: tuple[tuple[str, type[exception.SourceError], str], ...] = (
    (
        r"no space left|disk quota exceeded|not enough space",
        exception.SourceDiskFull,
        "The engine has no room for {name}. Free some, or see what fills "
        "its disk with 'docker system df'",
    ),
    (
        r"no matching manifest|does not match the specified platform|"
        r"image operating system .* cannot be used",
        exception.PlatformNotFound,
        "{name} is not available for {platform}",
    ),
    (
        r"manifest unknown|name unknown|repository name not known|"
        r"repository does not exist|not found|404",
        exception.ReferenceNotFound,
        "The registry does not know {name}, or shows it only to accounts "
        "that may see it. Check name and tag, or give credentials in "
        "[docker] auth_file",
    ),
    (
        r"unauthorized|no basic auth credentials|denied|forbidden|"
        r"authentication required|incorrect username or password|401|403",
        exception.RegistryDenied,
        "The registry refuses access to {name}. Give credentials for it in "
        "[docker] auth_file",
    ),
)


def translate(
    text: str, name: str, platform: str = ""
) -> exception.SourceError:
    """Find the error that an engine's text stands for.

    :param text: what the engine said
    :param name: the reference that was asked for
    :param platform: the platform that was asked for
    """
    shown = shorten(text)
    lowered = text.lower()
    if re.search(r"toomanyrequests|too many requests|rate ?limit", lowered):
        pause = retry_after(lowered)
        at = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        at += datetime.timedelta(seconds=round(pause))
        return exception.RateLimited(
            f"The registry's rate limit is reached ({shown}). "
            f"Next attempt at {at:%Y-%m-%dT%H:%M:%SZ}; an account in "
            "[docker] auth_file may have a higher limit",
            retry_after=pause,
        )
    for pattern, kind, message in _KINDS:
        if re.search(pattern, lowered):
            told = message.format(name=name, platform=platform)
            return kind(f"{told} ({shown})")
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


def shorten(text: str) -> str:
    """Make one short line without passwords of an engine's text."""
    line = " ".join(text.split())
    line = re.sub(r"://[^/\s@]*@", "://", line)
    line = re.sub(r"\?[^\s\"]*", "", line)
    return line if len(line) <= _SHORT else f"{line[:_SHORT]}..."
