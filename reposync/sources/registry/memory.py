# SPDX-License-Identifier: Apache-2.0
"""Remembers for a while what a host does not do."""

import threading
import time

#: ``HEAD`` of a manifest.
HEAD = "HEAD"
#: Blobs from a byte on.
RANGES = "ranges"
#: An answer at all.
ANSWERS = "answers"

_SECONDS = {HEAD: 15 * 60.0, RANGES: 15 * 60.0, ANSWERS: 60.0}
#: For a blob, say, by its digest.
_OTHERS = 15 * 60.0
_MOST = 10_000


class Memory:
    """What hosts lack; one for all threads.

    Each of it is forgotten after some minutes: servers are repaired.
    """

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._lock = threading.Lock()
        self._until: dict[tuple[str, str], float] = {}

    def note(self, host: str, what: str, seconds: float | None = None) -> None:
        """Keep in mind that a host lacks something.

        :param seconds: for so long; None for what is usual
        """
        now = time.monotonic()
        with self._lock:
            if len(self._until) >= _MOST:
                self._until = {
                    key: until
                    for key, until in self._until.items()
                    if until > now
                }
            if len(self._until) < _MOST:
                usual = _SECONDS.get(what, _OTHERS)
                self._until[host, what] = now + (seconds or usual)

    def lacks(self, host: str, what: str) -> bool:
        """Tell whether a host was found to lack something lately."""
        if not self._until:
            return False
        with self._lock:
            return self._until.get((host, what), 0.0) > time.monotonic()
