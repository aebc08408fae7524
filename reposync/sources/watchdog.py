# SPDX-License-Identifier: Apache-2.0
"""Ends exchanges that take too long, or whose work has to end.

A timeout of a socket begins anew with each byte, so a server that drips
holds its reader for ever.  One thread looks after all that is read and cuts
a connection when its time is over, or when the operation it is read for was
cancelled or is to be handed back.
"""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import itertools
import threading
import time

from reposync import context
from reposync import exception

_TICK = 0.5


class _Watch:
    """One exchange."""

    def __init__(self, cut: Callable[[], object], seconds: float):
        self._cut = cut
        self._until = time.monotonic() + seconds
        self._check = context.checker()
        self.late = False
        self.stop: Exception | None = None

    def look(self) -> None:
        """Cut it if it has to end."""
        if self.late or self.stop is not None:
            return
        self.late = time.monotonic() > self._until
        if self._check is not None and not self.late:
            try:
                self._check()
            except Exception as error:  # noqa: BLE001 (raised by the reader)
                self.stop = error
        if self.late or self.stop is not None:
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
        self._lock = threading.Condition()
        self._watches: dict[int, _Watch] = {}
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def limit(
        self, host: str, cut: Callable[[], object], seconds: float
    ) -> Iterator[None]:
        """Let what is done inside take so long, and no longer.

        :param cut: ends it from outside
        :raises SourceUnavailable: it took too long
        :raises ReposyncError: whatever ended the work of this thread
        """
        watch, number = _Watch(cut, seconds), next(self._numbers)
        with self._lock:
            self._watches[number] = watch
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="watchdog", daemon=True
                )
                self._thread.start()
            elif len(self._watches) == 1:
                self._lock.notify()
        try:
            yield
        except Exception as error:
            if watch.stop is None and not watch.late:
                raise
            raise (watch.stop or _late(host, seconds)) from error
        finally:
            with self._lock:
                self._watches.pop(number, None)
        if watch.stop is not None:
            raise watch.stop
        if watch.late:
            # What was cut may look like a whole answer.
            raise _late(host, seconds)

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._watches:
                    self._lock.wait()
                watches = list(self._watches.values())
            for watch in watches:
                watch.look()
            time.sleep(_TICK)


def _late(host: str, seconds: float) -> exception.SourceUnavailable:
    return exception.SourceUnavailable(
        f"{host} took longer than {seconds:.0f} s for an answer"
    )


#: The one of this process.
DOG = Watchdog()
