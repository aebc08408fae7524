# SPDX-License-Identifier: Apache-2.0
"""Reads what token servers answer.

https://distribution.github.io/distribution/spec/auth/token/#token-response-fields
"""

from collections.abc import Mapping
import dataclasses
import datetime
import email.utils
import json
import math
import re
from typing import Any

from reposync import exception

#: Greater ones fit into no header.
_LONGEST = 32 * 1024
#: What the protocol says where an answer names no time.
_LIFETIME = 60.0
_LONGEST_LIFETIME = 3600.0
#: ISO 8601 knows no more digits of a second than Python does, Go does.
_FRACTION = re.compile(r"(\.\d{6})\d+")


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """A token.

    :ivar lifetime: for how many seconds from now it is good
    """

    value: str
    lifetime: float


def read(host: str, data: bytes, headers: Mapping[str, str]) -> Token:
    """Read a token.

    :raises SourceUnavailable: there is none
    """
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise _none(host, "its answer is not JSON")
    for name in ("token", "access_token"):
        value = values.get(name)
        if value and isinstance(value, str):
            if len(value) > _LONGEST or not re.fullmatch("[!-~]+", value):
                raise _none(host, "what it gives fits into no header")
            return Token(value, _lifetime(values, headers))
    raise _none(host, "its answer names none")


def _lifetime(values: Mapping[str, Any], headers: Mapping[str, str]) -> float:
    """Read ``expires_in``; what makes no sense is the protocol's default."""
    stated: Any = values.get("expires_in")
    try:
        lifetime = _LIFETIME if isinstance(stated, bool) else float(stated)
    except (ValueError, TypeError, OverflowError):
        lifetime = _LIFETIME
    if math.isnan(lifetime) or lifetime <= 0:
        lifetime = _LIFETIME
    lifetime = min(lifetime, _LONGEST_LIFETIME)
    age = _age(values.get("issued_at"), headers)
    # Servers that do not know when it was say the year 1.
    return lifetime - age if age < lifetime else lifetime


def _age(issued: Any, headers: Mapping[str, str]) -> float:
    """Tell how old a token is, by the server's own clock alone."""
    try:
        begun = datetime.datetime.fromisoformat(_FRACTION.sub(r"\1", issued))
        now = email.utils.parsedate_to_datetime(headers.get("date") or "")
        return max(0.0, (now - begun).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _none(host: str, why: str) -> exception.SourceUnavailable:
    return exception.SourceUnavailable(f"{host} gives no token: {why}")
