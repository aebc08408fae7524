# SPDX-License-Identifier: Apache-2.0
"""Asks the service what is wrong when nothing that it accepted begins."""

from collections.abc import Callable
from collections.abc import Iterable
import logging
from typing import Any

import requests

from reposync.client.osc import errors

LOG = logging.getLogger(__name__)

#: Seconds that nothing begins before it asks, and between two questions.
_PATIENCE = 5.0
_BREAKS = (*errors.KNOWN, requests.RequestException)


class Idle:
    """Says once that no conductor is there to begin what waits.

    :param client: the ``Proxy``
    :param say: shows a line
    :param clock: gives seconds
    """

    def __init__(
        self,
        client: Any,
        say: Callable[[str], None],
        clock: Callable[[], float],
    ):
        """Begin with all well."""
        self._client, self._say, self._clock = client, say, clock
        self._since: float | None = None
        self._said = False

    def look(self, operations: Iterable[Any]) -> None:
        """Look at operations; ask if none of them has begun for a while."""
        now = self._clock()
        if not all(map(_waits, operations)):
            self._since, self._said = None, False
        elif self._since is None:
            self._since = now
        elif now - self._since >= _PATIENCE:
            self._since = now
            self._ask()

    def _ask(self) -> None:
        try:
            complaint = _complaint(self._client.health())
        except _BREAKS as error:
            LOG.debug("The health could not be read: %s", error)
            return
        if complaint and not self._said:
            self._say(complaint)
        self._said = bool(complaint)


def _waits(operation: Any) -> bool:
    """Tell whether an operation waits for its first attempt, or has ended."""
    if operation.is_finished:
        return True
    return operation.state == "queued" and not operation.next_attempt_at


def _complaint(health: str) -> str:
    """Find in the service's health why no operation begins."""
    for line in health.splitlines():
        what, _, why = line.partition(" AWAY: ")
        if why and what == "conductors":
            return f"{why.partition('. ')[0]}. Does a reposync-conductor run?"
    return ""
