# SPDX-License-Identifier: Apache-2.0
"""Reads what servers say of their rate limits, in each one's own dialect.

* Docker Hub (https://docs.docker.com/docker-hub/usage/pulls/):
  ``RateLimit-Limit: 100;w=21600``, ``RateLimit-Remaining: 76;w=21600``
* draft-ietf-httpapi-ratelimit-headers, versions to 6:
  ``RateLimit-Limit: 10, 10;w=1``, ``RateLimit-Remaining``,
  ``RateLimit-Reset`` in seconds; version 7: ``RateLimit: limit=10,
  remaining=0, reset=1``; since 8: ``RateLimit: "default";r=0;t=1`` and
  ``RateLimit-Policy: "default";q=10;w=1``
* GitLab (https://docs.gitlab.com/administration/settings/
  user_and_ip_rate_limits/): ``RateLimit-Reset`` as the time of day since
  1970, and ``RateLimit-ResetTime`` as a date
* GitHub, Docker Hub's own API and many more: ``X-RateLimit-Reset``
"""

from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
import email.utils
import re
import time

from reposync import retry

_PREFIXES = ("ratelimit", "x-ratelimit", "x-rate-limit")
_NAMES = re.compile("rate-?limit", re.I)
#: Greater numbers are times of day in seconds, and then milliseconds.
_EPOCH = 1e9
_EPOCH_MS = 1e11
#: No count and no time has more digits.
_NUMBER = re.compile(r"\s*\"?(\d{1,15}(?:\.\d{1,9})?)(?![\d.:-])")


@dataclasses.dataclass(frozen=True, slots=True)
class Budget:
    """What a registry said of its own limit last.

    :ivar limit: pulls allowed in a window
    :ivar remaining: of these
    :ivar window: seconds
    :ivar at: when it was said, on the monotonic clock
    :ivar reset: seconds from then until there are more
    """

    limit: int | None
    remaining: int
    window: int | None
    at: float
    reset: float | None = None

    def __str__(self) -> str:
        """Give it in words."""
        limit = f" of {self.limit}" if self.limit is not None else ""
        window = f" in {self.window} s" if self.window else ""
        return f"{self.remaining}{limit} pulls left{window}"

    @property
    def pause(self) -> float:
        """Seconds from `at` for which nothing can be had; 0 for none."""
        if self.remaining > 0:
            return 0.0
        if self.reset is not None:
            return min(self.reset, retry.LONGEST_PAUSE)
        if self.window:
            return min(float(self.window), retry.PAUSE)
        return retry.MOMENT


def budget(headers: Mapping[str, str]) -> Budget | None:
    """Find what an answer says of a limit; None if it says nothing."""
    # Most say nothing, and this is for each answer.
    if not any(_NAMES.search(name) for name in headers):
        return None
    found = _structured(headers)
    for prefix in _PREFIXES:
        for name in ("limit", "remaining", "reset", "resettime"):
            text = headers.get(f"{prefix}-{name}")
            if text:
                found.setdefault(name, text)
    remaining = _number(found.get("remaining"))
    if remaining is None:
        return None
    reset = _seconds(found.get("reset") or found.get("resettime"), headers)
    limit = _number(found.get("limit"))
    return Budget(
        None if limit is None else int(limit),
        int(remaining),
        _window(limit, headers),
        time.monotonic(),
        reset,
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Find for how many seconds an answer asks to wait.

    ``Retry-After`` is a number or a date (RFC 9110, section 10.2.3); Docker
    Hub's API has sent a time of day, and Azure sends milliseconds.
    """
    milliseconds = _number(headers.get("x-ms-retry-after-ms"))
    if milliseconds is not None:
        return min(milliseconds / 1000, retry.LONGEST_PAUSE)
    for name in ("retry-after", "x-retry-after"):
        seconds = _seconds(headers.get(name), headers)
        if seconds is not None:
            return min(seconds, retry.LONGEST_PAUSE)
    return None


def _structured(headers: Mapping[str, str]) -> dict[str, str]:
    """Read the one header of later drafts; the narrowest of its limits."""
    items = [
        dict(_parameters(text))
        for text in (headers.get("ratelimit") or "")[:1000].split(",")
    ]
    narrow = min(
        (item for item in items if "r" in item),
        key=lambda item: _number(item["r"]) or 0.0,
        default=None,
    )
    if narrow is not None:
        return {"remaining": narrow["r"], "reset": narrow.get("t", "")}
    # Version 7 puts its words between commas.
    return {key: value for item in items for key, value in item.items()}


def _parameters(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split(";"):
        key, equals, value = part.partition("=")
        if equals:
            yield key.strip().lower(), value.strip()


def _window(limit: float | None, headers: Mapping[str, str]) -> int | None:
    """Find the window of a limit, or else the shortest one there is."""
    windows = []
    for name in ("ratelimit-limit", "ratelimit-policy"):
        for text in (headers.get(name) or "")[:1000].split(","):
            found = dict(_parameters(text))
            seconds = _number(found.get("w"))
            if seconds is not None:
                quota = _number(found.get("q") or text)
                windows.append((quota != limit, int(seconds)))
    return min(windows)[1] if windows else None


def _seconds(text: str | None, headers: Mapping[str, str]) -> float | None:
    """Read a number of seconds, a time of day, or a date."""
    if not text:
        return None
    number = _number(text)
    if number is None:
        date = _date(text)
        return None if date is None else max(0.0, date - _now(headers))
    if number >= _EPOCH_MS:
        number /= 1000
    if number >= _EPOCH:
        number -= _now(headers)
    return max(0.0, number)


def _now(headers: Mapping[str, str]) -> float:
    """Tell the time by the server's own clock, if it shows it."""
    shown = _date(headers.get("date"))
    return time.time() if shown is None else shown


def _date(text: str | None) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(text or "").timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    found = _NUMBER.match(text or "")
    return float(found[1]) if found else None
