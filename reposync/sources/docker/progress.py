# SPDX-License-Identifier: Apache-2.0
"""How far a pull is, from the engine's events."""

from typing import Any

#: No image has more layers; what names more of them is no pull.
_MOST_LAYERS = 10_000
#: The sum of so many is still a 64-bit number.
_MOST_BYTES = 2**48


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

    def add(self, event: Any) -> bool:
        """Take an event in; tells whether anything changed.

        What is no event of a download changes nothing.
        """
        if not isinstance(event, dict) or event.get("status") != "Downloading":
            return False
        detail, layer = event.get("progressDetail"), str(event.get("id"))
        if not isinstance(detail, dict) or "current" not in detail:
            return False
        if len(self._layers) >= _MOST_LAYERS and layer not in self._layers:
            return False
        done, total = _bytes(detail["current"]), _bytes(detail.get("total"))
        self._layers[layer] = (done, total)
        return True


def _bytes(value: object) -> int:
    if not isinstance(value, int):
        return 0
    return max(0, min(value, _MOST_BYTES))
