# SPDX-License-Identifier: Apache-2.0
"""Asks registries whether they want logins, as engines do.

https://distribution.github.io/distribution/spec/api/#api-version-check
"""

import time

from reposync.sources import recent
from reposync.sources.registry.authentication import challenges
from reposync.sources.registry.authentication import denials
from reposync.sources.registry.transport import hosts

_MOST_KEPT = 1000
#: Seconds an answer counts.
_KEPT = 600.0


class Pings:
    """Asks ``/v2/`` of registries, each once in a while."""

    def __init__(self, transport: hosts.Hosts):
        """Begin with none asked."""
        self._hosts = transport
        self._kept: recent.Recent[
            str, tuple[float, list[challenges.Challenge]]
        ] = recent.Recent(_MOST_KEPT)

    def challenges(
        self, endpoint: hosts.Endpoint
    ) -> list[challenges.Challenge]:
        """Give what can be answered of what a registry wants; maybe nothing.

        :raises SourceUnavailable: it does not answer
        """
        until, found = self._kept.get(endpoint.url) or (0.0, [])
        if time.monotonic() >= until:
            trail = self._hosts.trail(endpoint)
            url = f"{endpoint.url}/v2/"
            answer = self._hosts.send(trail, "GET", url, {})
            found = []
            if answer.status == 401:
                found = challenges.read(
                    answer.headers.getlist("www-authenticate"), trail.origin
                )
            denials.said(endpoint.host, answer)
            until = time.monotonic() + _KEPT
            self._kept.put(endpoint.url, (until, found))
        return found
