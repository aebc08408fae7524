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
_FAREWELL = 10.0


class Watched(Generic[T]):
    """An iterator that is read in a thread of its own.

    The reader of this object is never blocked for longer than a second: it
    calls ``tick`` then, which may raise to end it all.

    The two take turns: nothing is read before it is asked for.  The kernel's
    socket buffers keep data flowing meanwhile, and a copy occupies one
    processor instead of two; the catalogue it uploads to needs the other.

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
        self._queue: queue.SimpleQueue[tuple[bool, T | Exception | None]]
        self._queue = queue.SimpleQueue()
        self._wanted = threading.Semaphore(0)
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
        while True:
            self._wanted.release()
            goes_on, item = self._hear()
            if isinstance(item, Exception):
                raise item
            if not goes_on:
                return
            yield item  # type: ignore[misc]

    def close(self) -> None:
        """Stop reading; gives the thread some seconds to notice."""
        self._left.set()
        self._wanted.release()
        self._thread.join(_FAREWELL)

    def _hear(self) -> tuple[bool, T | Exception | None]:
        deadline = time.monotonic() + self._seconds
        while True:
            with contextlib.suppress(queue.Empty):
                return self._queue.get(timeout=_TICK)
            self._tick()
            if time.monotonic() > deadline:
                raise exception.SourceUnavailable(
                    f"The other side was silent for {self._seconds:.0f} s"
                )

    def _read(self) -> None:
        try:
            items = self._begin()
            # Closing it closes the connection, which stops the other side.
            with contextlib.closing(items):  # type: ignore[type-var]
                if not self._asked():
                    return
                for item in items:
                    self._queue.put((True, item))
                    if not self._asked():
                        return
            self._queue.put((False, None))
        except Exception as error:  # noqa: BLE001 (raised where it is read)
            self._queue.put((False, error))

    def _asked(self) -> bool:
        self._wanted.acquire()
        return not self._left.is_set()
