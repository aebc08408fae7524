# SPDX-License-Identifier: Apache-2.0
"""The socket that callers connect to, and the connections that came of it.

uvicorn keeps as many connections as come, and waits for a handshake, for the
headers of a request and for an answer to be read as long as it takes.
"""

from collections.abc import Iterator
import contextlib
import resource
import socket
import time
from typing import Any
from typing import NamedTuple

#: How many connections may wait until they are accepted.
_BACKLOG = 1024
#: The most that are open at a time; each takes some memory.
_MOST = 512
#: Bytes that the kernel keeps of what a caller sends ahead.
_AHEAD = 16384


def most() -> int:
    """Tell how many connections a process may keep open.

    Half of its file descriptors are for the database, the bus and files.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if soft < 0 else min(_MOST, soft // 2)


class _Waiting(NamedTuple):
    """A connection that waits, until when, and whether within a request."""

    kept: socket.socket
    end: float
    begun: bool


class Listener(socket.socket):
    """Accepts connections, and ends those that wait for too long.

    A connection waits, for its caller, unless a request of it is being
    served.  If there are too many, that one goes which began to wait first:
    an honest request comes in at once.

    :param opened: listens; its descriptor is taken over
    :param limit: how many connections may be open
    :param seconds: for which one may wait
    """

    def __init__(self, opened: socket.socket, limit: int, seconds: float):
        """Take the socket over."""
        super().__init__(fileno=opened.detach())
        # What is accepted inherits it.
        self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _AHEAD)
        self._limit = limit
        self._seconds = seconds
        self._serving = 0
        # By the caller's address, first come first.
        self._waiting: dict[Any, _Waiting] = {}

    def listen(self, backlog: int = 0, /) -> None:
        """Listen; asyncio gives here how many it accepts at a time."""
        super().listen(_BACKLOG)

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection for which there is room.

        :raises BlockingIOError: there is none
        """
        while True:
            accepted, address = super().accept()
            if self._make_room():
                self._wait(address[:2], accepted)
                return accepted, address
            accepted.close()

    def keep(self, caller: Any, seconds: float) -> None:
        """Let a connection that has begun a request wait from now on.

        :param caller: the address, as it is in the scope of a request
        """
        found = self._waiting.pop(caller, None)
        if found is not None:
            end = time.monotonic() + seconds
            self._waiting[caller] = _Waiting(found.kept, end, begun=True)

    def rest(self, caller: Any) -> None:
        """Let a connection wait for its next request."""
        found = self._waiting.pop(caller, None)
        if found is not None:
            self._wait(caller, found.kept)

    @contextlib.contextmanager
    def serving(self, caller: Any) -> Iterator[None]:
        """Keep a connection while a request of it is served."""
        found = self._waiting.pop(caller, None)
        self._serving += 1
        try:
            yield
        finally:
            self._serving -= 1
            # The address may be that of another connection by now.
            other = caller in self._waiting
            if found is not None and found.kept.fileno() >= 0 and not other:
                self._wait(caller, found.kept)

    def drop(self, caller: Any) -> None:
        """End a connection that waits, whatever it waits for."""
        found = self._waiting.pop(caller, None)
        if found is not None:
            # It fails where the connection is closed already.
            with contextlib.suppress(OSError):
                found.kept.shutdown(socket.SHUT_RDWR)

    def sweep(self, hurry: float = float("inf")) -> None:
        """End what has waited for too long.

        :param hurry: seconds for which those may wait from now on that have
            not begun a request
        """
        now = time.monotonic()
        for caller, found in list(self._waiting.items()):
            if not found.begun and found.end > now + hurry:
                self._waiting[caller] = found._replace(end=now + hurry)
            if found.end < now:
                self.drop(caller)

    def _wait(self, caller: Any, kept: socket.socket) -> None:
        end = time.monotonic() + self._seconds
        # At the end of the order, if it had a place before.
        self._waiting.pop(caller, None)
        self._waiting[caller] = _Waiting(kept, end, begun=False)

    def _make_room(self) -> bool:
        if len(self._waiting) + self._serving < self._limit:
            return True
        self._waiting = {
            caller: found
            for caller, found in self._waiting.items()
            if found.kept.fileno() >= 0
        }
        if len(self._waiting) + self._serving < self._limit:
            return True
        first = next(iter(self._waiting), None)
        if first is None:
            return False
        self.drop(first)
        return True
