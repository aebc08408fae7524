# SPDX-License-Identifier: Apache-2.0
"""Reads ``WWW-Authenticate`` (RFC 9110, sections 11.3 and 11.6.1).

What other clients take is taken, too: unquoted addresses, schemes in any
case, empty elements.  What cannot be read makes its own challenge unusable,
not those beside it.
"""

from collections.abc import Iterable
from collections.abc import Iterator
import dataclasses
import re
import urllib.parse

from reposync.sources.registry.transport.egress import addresses

#: The stronger first: a token is for one repository and some minutes.
_STRENGTH = ("bearer", "basic")
#: More does not come from the library below.
_LONGEST = 64 * 1024
_MOST = 20
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 (a rule of the grammar)
_END = r"(?=[\s]*(?:,|$))"
_PARAMETER = re.compile(
    rf'({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"(?=[\s,]|$)|([^\s",]*){_END})'
)
_TOKEN68 = re.compile(rf"[A-Za-z0-9._~+/-]+=*{_END}")
_SCHEME = re.compile(rf"{_TOKEN}(?=\s|,|$)")
_SEPARATOR = re.compile(r"[\s,]*")
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+", re.ASCII)
#: Where reading begins again behind what is broken.
_AGAIN = re.compile(r"(?<=,)\s*(?=(?:basic|bearer)\b)", re.IGNORECASE)
_MOST_AGAIN = 5
_REST = re.compile(r'"(?:[^"\\]|\\.)*"?|[^,"]+')


@dataclasses.dataclass(frozen=True, slots=True)
class Challenge:
    """How a registry wants callers to log in.

    :ivar scheme: ``basic`` or ``bearer``
    :ivar realm: where tokens are given; absolute, http or https
    :ivar service: the registry as the token server knows it
    :ivar scopes: what a token has to be for, where the registry says so
    :ivar error: such as ``insufficient_scope`` (RFC 6750, section 3.1)
    :ivar origin: the kind of address that the registry was at
    """

    scheme: str
    realm: str = ""
    service: str = ""
    scopes: tuple[str, ...] = ()
    error: str = ""
    origin: addresses.Kind = addresses.Kind.PUBLIC


def read(
    headers: Iterable[str], origin: addresses.Kind | None = None
) -> list[Challenge]:
    """Give the challenges that can be answered, the strongest first.

    :param origin: where they come from; what is not known counts as public
    """
    found: list[Challenge] = []
    origin = origin or addresses.Kind.PUBLIC
    for header in headers:
        found.extend(
            dataclasses.replace(each, origin=origin)
            for each in _read(header[:_LONGEST])
        )
    # However many there are, none of the kinds crowds out the other.
    return [
        each
        for scheme in _STRENGTH
        for each in list(
            dict.fromkeys(each for each in found if each.scheme == scheme)
        )[:_MOST]
    ]


def _read(header: str) -> Iterator[Challenge]:
    broken = False
    for scheme, parameters in _split(header):
        broken |= parameters is None
        yield from _usable(scheme, parameters)
    if broken:
        # A quote that does not end takes what follows with it.
        starts = [found.end() for found in _AGAIN.finditer(header)]
        for start in starts[:_MOST_AGAIN]:
            for scheme, parameters in _split(header[start:]):
                yield from _usable(scheme, parameters)


def _usable(
    scheme: str, parameters: dict[str, str] | None
) -> Iterator[Challenge]:
    if scheme == "basic":
        yield Challenge(scheme)
    elif scheme == "bearer" and parameters is not None:
        yield from _bearer(parameters)


def _bearer(parameters: dict[str, str]) -> Iterator[Challenge]:
    realm = _address(parameters.get("realm", ""))
    if realm:
        yield Challenge(
            "bearer",
            realm,
            parameters.get("service", ""),
            tuple(parameters.get("scope", "").split()),
            parameters.get("error", ""),
        )


def _address(realm: str) -> str | None:
    """Give an address as requests need it, None if it is none."""
    if not re.fullmatch(r"[!-~]+", realm):
        return None
    try:
        parts = urllib.parse.urlsplit(realm)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    # An account in an address only serves to hide where it leads.
    usable = _HOST.fullmatch(host) and port != 0 and "@" not in parts.netloc
    if not usable or parts.scheme not in ("http", "https"):
        return None
    return urllib.parse.urlunsplit(parts._replace(fragment=""))


def _split(header: str) -> Iterator[tuple[str, dict[str, str] | None]]:
    """Give schemes in lower case with their parameters; None: broken."""
    scheme: str | None = None
    parameters: dict[str, str] | None = {}
    at = _skip(header, 0)
    while at < len(header):
        if found := _PARAMETER.match(header, at):
            if parameters is not None:
                value = found[3] if found[2] is None else _plain(found[2])
                parameters.setdefault(found[1].lower(), value)
        elif found := _SCHEME.match(header, at):
            if scheme is not None:
                yield scheme, parameters
            scheme, parameters = found[0].lower(), {}
            after = _skip(header, found.end(), r"\s*")
            if not _PARAMETER.match(header, after) and (
                blob := _TOKEN68.match(header, after)
            ):
                found = blob if after > found.end() else found
        else:
            parameters = None
            found = _REST.match(header, at)
        at = _skip(header, found.end() if found else at + 1)
    if scheme is not None:
        yield scheme, parameters


def _skip(header: str, at: int, pattern: str | None = None) -> int:
    found = (re.compile(pattern) if pattern else _SEPARATOR).match(header, at)
    return found.end() if found else at


def _plain(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted)
