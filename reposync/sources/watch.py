# SPDX-License-Identifier: Apache-2.0
"""Reads from something that may fall silent, without falling silent."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import queue
import threading
import time
from typing import Generic
from typing import TypeVar

from reposync import context
from reposync import exception

T = TypeVar("T")

_TICK = 1.0
#: Pieces. More of them took memory and made no copy faster; one is too few.
_AHEAD = 4
_FAREWELL = 10.0


class Watched(Generic[T]):
    """An iterator that is read in a thread of its own.

    The reader of this object is never blocked for longer than a second: it
    calls ``tick`` then, which may raise to end it all.

    :param begin: makes the iterator; called in the thread
    :param tick: called while nothing comes
    :param seconds: silence for so long is the end
    """

    def __init__(
        self,
        begin: Callable[[], Iterator[T]],
        tick: Callable[[], None],
        seconds: float,
    ):
        """Start reading."""
        self._begin = begin
        self._tick = tick
        self._seconds = seconds
        self._queue: queue.Queue[tuple[bool, T | Exception | None]]
        self._queue = queue.Queue(_AHEAD)
        self._left = threading.Event()
        self._thread = threading.Thread(
            target=context.carried(self._read), daemon=True
        )
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        """Give what comes.

        :raises SourceUnavailable: nothing came for too long
        :raises Exception: whatever the iterator or ``tick`` raised
        """
        heard = time.monotonic()
        while True:
            try:
                goes_on, item = self._queue.get(timeout=_TICK)
            except queue.Empty:
                self._tick()
                if time.monotonic() > heard + self._seconds:
                    raise exception.SourceUnavailable(
                        f"The other side was silent for {self._seconds:.0f} s"
                    ) from None
                continue
            heard = time.monotonic()
            if isinstance(item, Exception):
                raise item
            if not goes_on:
                return
            yield item  # type: ignore[misc]

    def close(self) -> None:
        """Stop reading; gives the thread some seconds to notice."""
        self._left.set()
        self._thread.join(_FAREWELL)

    def _read(self) -> None:
        try:
            items = self._begin()
            # Closing it closes the connection, which stops the other side.
            with contextlib.closing(items):  # type: ignore[type-var]
                for item in items:
                    if not self._put((True, item)):
                        return
            self._put((False, None))
        except Exception as error:  # noqa: BLE001 (raised where it is read)
            self._put((False, error))

    def _put(self, item: tuple[bool, T | Exception | None]) -> bool:
        while not self._left.is_set():
            with contextlib.suppress(queue.Full):
                self._queue.put(item, timeout=_TICK)
                return True
        return False
