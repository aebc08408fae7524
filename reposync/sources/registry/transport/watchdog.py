# SPDX-License-Identifier: Apache-2.0
"""Ends exchanges that take too long, or whose work has to end.

A timeout of a socket begins anew with each byte, so a server that drips
holds its reader for ever.  One thread looks after all that is read and cuts
a connection when its time is over, or when the operation it is read for was
cancelled or is to be handed back.
"""

from collections.abc import Callable
import contextlib
import threading
import time
import types

from reposync import context
from reposync import exception

_TICK = 0.5


class Limit:
    """One exchange: what is done inside takes so long, and no longer.

    A context manager that raises, at its end:

    :raises SourceUnavailable: it took too long
    :raises ReposyncError: whatever ended the work of this thread
    """

    __slots__ = (
        "_check",
        "_cut",
        "_dog",
        "_host",
        "_late",
        "_seconds",
        "_stop",
        "_until",
    )

    def __init__(
        self,
        dog: "Watchdog",
        host: str,
        cut: Callable[[], object],
        seconds: float,
    ):
        """Store what is needed; see `Watchdog.limit`."""
        self._dog = dog
        self._host = host
        self._cut = cut
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        self._check = context.checker()
        self._late = False
        self._stop: Exception | None = None

    def __enter__(self) -> None:
        """Begin."""
        self._dog.add(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        """End; what was cut may look like a whole answer."""
        self._dog.remove(self)
        if self._stop is not None:
            raise self._stop from error
        if self._late:
            raise exception.SourceUnavailable(
                f"{self._host} took longer than {self._seconds:.0f} s for an "
                "answer"
            ) from error

    def look(self) -> None:
        """Cut it if it has to end."""
        if self._late or self._stop is not None:
            return
        self._late = time.monotonic() > self._until
        if self._check is not None and not self._late:
            try:
                self._check()
            except Exception as error:  # noqa: BLE001 (raised by the reader)
                self._stop = error
        if self._late or self._stop is not None:
            # It may have come to its end by itself at this moment.
            with contextlib.suppress(
                AttributeError, ValueError, RuntimeError, OSError
            ):
                self._cut()


class Watchdog:
    """Looks after all exchanges of a process, in one thread.

    The thread begins with the first exchange, since services fork.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Condition(threading.Lock())
        self._limits: set[Limit] = set()
        self._thread: threading.Thread | None = None

    def limit(
        self, host: str, cut: Callable[[], object], seconds: float
    ) -> Limit:
        """Give what to do an exchange inside of.

        :param host: with whom
        :param cut: ends it from outside
        """
        return Limit(self, host, cut, seconds)

    def add(self, limit: Limit) -> None:
        """Look after an exchange."""
        with self._lock:
            self._limits.add(limit)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="watchdog", daemon=True
                )
                self._thread.start()
            elif len(self._limits) == 1:
                self._lock.notify()

    def remove(self, limit: Limit) -> None:
        """Look after it no more."""
        with self._lock:
            self._limits.discard(limit)

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._limits:
                    self._lock.wait()
                limits = list(self._limits)
            for limit in limits:
                limit.look()
            time.sleep(_TICK)


#: The one of this process.
DOG = Watchdog()
