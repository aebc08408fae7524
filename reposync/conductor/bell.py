# SPDX-License-Identifier: Apache-2.0
"""Wakes idle workers."""

import threading


class Bell:
    """Each ring wakes one waiting worker.

    Rings while all workers are busy are remembered up to their number: a
    worker that has ended its operation looks for the next one anyway.

    :param workers: how many there are to wake
    """

    def __init__(self, workers: int):
        """Start silent."""
        self._condition = threading.Condition()
        self._workers = workers
        self._rings = 0

    def ring(self, times: int = 1) -> None:
        """Wake as many workers."""
        with self._condition:
            self._rings = min(self._rings + times, self._workers)
            self._condition.notify(times)

    def ring_all(self) -> None:
        """Wake all workers."""
        self.ring(self._workers)

    def wait(self, seconds: float) -> bool:
        """Sleep until the bell rings, or as long.

        :returns: whether it rang
        """
        with self._condition:
            rang = self._condition.wait_for(lambda: self._rings, seconds)
            if rang:
                self._rings -= 1
            return bool(rang)
