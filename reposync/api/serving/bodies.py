# SPDX-License-Identifier: Apache-2.0
"""Takes in the bodies of requests, as long as they are small and quick."""

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable
import contextlib
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]

#: How many of the largest bodies may be coming in at a time, and how many may
#: be there in all.
_COMING = 2
_ALL = 16


class TooLarge(Exception):
    """The body is larger than it may be."""


class TooSlow(Exception):
    """The body took too long to come in, or others needed the room."""


class NoRoom(Exception):
    """Too many bodies are there, and this one had to go."""


class Left(Exception):
    """The caller has left, or does not read its answer."""


class _Body:
    """One of them; without a deadline it need not hurry any more."""

    def __init__(self) -> None:
        self.deadline: asyncio.Timeout | None = None
        self.pieces: list[bytes] = []
        self.size = 0


class Bodies:
    """The bodies of all requests that are under way.

    :param most: bytes of one body
    :param silence: seconds between two pieces of it
    :param seconds: in which it must have come in
    """

    def __init__(self, most: int, silence: float, seconds: float):
        """Begin with none."""
        self.most = most
        #: For how long one may come in.
        self.longest = seconds + silence
        self._silence = silence
        self._seconds = seconds
        # In the order in which they began; a dictionary for want of a set.
        self._all: dict[_Body, None] = {}

    @contextlib.asynccontextmanager
    async def read(self, receive: Receive) -> AsyncIterator[bytes]:
        """Read one, and count it for as long as it is needed.

        :raises TooLarge: it is larger than it may be
        :raises TooSlow: it takes too long
        :raises NoRoom: it had to go for others
        :raises Left: the caller has left
        """
        body = _Body()
        self._all[body] = None
        try:
            try:
                await self._fill(body, receive)
            except TimeoutError:
                given_up = body.deadline is None
                raise NoRoom if given_up else TooSlow from None
            whole = b"".join(body.pieces)
            body.pieces.clear()
            yield whole
        finally:
            del self._all[body]

    async def _fill(self, body: _Body, receive: Receive) -> None:
        clock = asyncio.get_running_loop().time
        end = clock() + self._seconds
        async with asyncio.timeout_at(end) as deadline:
            body.deadline = deadline
            more = True
            while more:
                deadline.reschedule(min(end, clock() + self._silence))
                message = await receive()
                if body.deadline is None:
                    # Given up for another one, which came in meanwhile.
                    raise TimeoutError
                if message["type"] == "http.disconnect":
                    raise Left
                more = message.get("more_body", False)
                body.pieces.append(message.get("body", b""))
                body.size += len(body.pieces[-1])
                if body.size > self.most:
                    raise TooLarge
                self._make_room()
                if body.deadline is None:
                    raise TimeoutError
        body.deadline = None

    def _make_room(self) -> None:
        """Give up the body that has been coming in for the longest time."""
        coming = [body for body in self._all if body.deadline is not None]
        if (
            sum(body.size for body in coming) <= _COMING * self.most
            and sum(body.size for body in self._all) <= _ALL * self.most
        ):
            return
        first = coming[0]
        if first.deadline is not None and not first.deadline.expired():
            first.deadline.reschedule(0)
        first.deadline = None
        first.pieces.clear()
        first.size = 0
