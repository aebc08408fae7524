# SPDX-License-Identifier: Apache-2.0
"""How far a pull is, from the engine's events."""

from typing import Any


class PullProgress:
    """Adds up what the events of a pull tell of its layers.

    :ivar done: bytes that were downloaded
    :ivar total: bytes of the layers known so far, None before the first
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._layers: dict[str, tuple[int, int]] = {}

    @property
    def done(self) -> int:
        """Bytes downloaded."""
        return sum(done for done, _ in self._layers.values())

    @property
    def total(self) -> int | None:
        """Bytes of the layers known so far."""
        return sum(total for _, total in self._layers.values()) or None

    def add(self, event: dict[str, Any]) -> bool:
        """Take an event in; tells whether anything changed."""
        detail = event.get("progressDetail") or {}
        if event.get("status") != "Downloading" or "current" not in detail:
            return False
        done, total = int(detail["current"]), int(detail.get("total") or 0)
        self._layers[str(event.get("id"))] = (done, total)
        return True
