# SPDX-License-Identifier: Apache-2.0
"""Follows redirects, as from a registry to its storage."""

from collections.abc import Callable
import dataclasses
import urllib.parse

from reposync import exception
from reposync.sources import errors
from reposync.sources.registry.authentication import realms
from reposync.sources.registry.transport import answers
from reposync.sources.registry.transport import hosts
from reposync.sources.registry.transport.egress import addresses

_REDIRECTS = (301, 302, 303, 307, 308)
#: As Go's client, which most tools for images are built on.
_MOST = 10


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """An answer whose body is unread.

    :ivar host: that sent it
    :ivar asked: the host that was asked at first
    :ivar moved: whether it came from another place than that
    :ivar origin: the kind of address that the host was at
    """

    answer: hosts.Answer
    host: str
    asked: str
    moved: bool
    origin: addresses.Kind


class Redirects:
    """Sends requests to where they belong."""

    def __init__(self, transport: hosts.Hosts):
        """Store what sends a single one."""
        self._hosts = transport

    def follow(
        self,
        method: str,
        endpoint: hosts.Endpoint,
        path: str,
        headers: dict[str, str],
        authorization: str | None,
    ) -> Reply:
        """Send a request, and once more to each place it is sent to.

        :param path: at the endpoint
        :param authorization: for the host that is asked, and no other one
        :raises SourceError: a redirect leads to nowhere, or to where nothing
            is sent
        :raises SourceUnavailable: no answer, or redirects without end
        """
        trail = self._hosts.trail(endpoint)
        asked = url = f"{endpoint.url}{path}"
        seen = {url}
        while True:
            sent = dict(headers)
            if authorization:
                sent["Authorization"] = authorization
            answer = self._hosts.send(trail, method, url, sent)
            host = _origin(url)[1]
            if answer.status not in _REDIRECTS:
                moved = not realms.is_same(asked, url)
                origin = trail.origin or addresses.Kind.PUBLIC
                return Reply(answer, host, endpoint.host, moved, origin)
            target = self._target(asked, url, answer)
            if target in seen or len(seen) > _MOST:
                raise answers.Answered(f"{host} redirects without end")
            seen.add(target)
            if not realms.is_same(asked, target):
                # Storage behind a registry has no business with its login.
                authorization = None
            url = target

    def _target(self, asked: str, url: str, answer: hosts.Answer) -> str:
        host = _origin(url)[1]
        answers.discard(host, answer)
        place = answer.headers.get("location")
        if not place:
            raise exception.SourceError(
                f"{host} answers {answer.status}, a redirect, and does not "
                "say where to"
            )
        try:
            parts = urllib.parse.urlsplit(
                urllib.parse.urljoin(url, place.strip())
            )
            usable = realms.is_host(parts.hostname) and parts.port != 0
        except ValueError:
            usable = None
        if not usable:
            raise exception.SourceError(
                f"{host} redirects to what is no address"
            )
        # An account in it is not ours to use, or to show.
        name = parts.netloc.rpartition("@")[2]
        target = parts._replace(netloc=name, fragment="").geturl()
        if _origin(target) == _origin(asked):
            # Such as a mirror that the options name with http.
            return target
        if not _allowed(parts.scheme, name, self._hosts.is_insecure):
            place = errors.shorten(f"{parts.scheme}://{name}")
            raise exception.SourceError(
                f"{host} redirects to {place}, which is refused: it is not "
                f"https. If that is wanted, add {errors.shorten(name)} to "
                "[registry] insecure"
            )
        return target


def _allowed(
    scheme: str, host: str, is_insecure: Callable[[str], bool]
) -> bool:
    return scheme == "https" or (scheme == "http" and is_insecure(host))


def _origin(url: str) -> tuple[str, str]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2]
