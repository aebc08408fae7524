# SPDX-License-Identifier: Apache-2.0
"""A mapping that forgets what was not put into it lately."""

import collections
import threading
from typing import Generic
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps a number of values; for all threads.

    :param most: so many; the one put first goes first
    """

    def __init__(self, most: int):
        """Begin with nothing."""
        self._most = most
        self._lock = threading.Lock()
        self._values: collections.OrderedDict[K, V]
        self._values = collections.OrderedDict()

    def get(self, key: K) -> V | None:
        """Give a value, None if it is not known any more."""
        with self._lock:
            return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value as the newest."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._most:
                self._values.popitem(last=False)

    def setdefault(self, key: K, value: V) -> V:
        """Give the value that is there, or keep this one."""
        with self._lock:
            found = self._values.setdefault(key, value)
            self._values.move_to_end(key)
            if len(self._values) > self._most:
                self._values.popitem(last=False)
            return found

    def items(self) -> list[tuple[K, V]]:
        """List what is kept."""
        with self._lock:
            return list(self._values.items())

    def drop(self, key: K) -> None:
        """Forget a value."""
        with self._lock:
            self._values.pop(key, None)

    def __len__(self) -> int:
        """Count what is kept."""
        return len(self._values)
