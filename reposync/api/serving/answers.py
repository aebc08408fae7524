# SPDX-License-Identifier: Apache-2.0
"""Sends answers to callers that may not read them (ASGI)."""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any

import h11
from oslo_context import context
from oslo_log import log

from reposync.api import errors
from reposync.api.serving import accesslog
from reposync.api.serving import bodies
from reposync.api.serving import bridge

LOG = log.getLogger(__name__)

Send = Callable[[dict[str, Any]], Awaitable[None]]

#: Bytes of an answer that a caller has some time for.
_PIECE = 65536
#: Seconds for which more of a refused request is thrown away: a connection
#: that is closed at once often takes the refusal with it.
LINGER = 2.0


class Out:
    """The way out to one caller.

    :param send: sends a message
    :param patience: seconds in which the caller must read a piece
    :param reading: is told of each piece that the caller is to read
    :ivar left: is done when the caller has left
    """

    def __init__(
        self, send: Send, patience: float, reading: Callable[[], None]
    ):
        """Begin with nothing."""
        self._reading = reading
        self._send = send
        self._patience = patience
        self._begun = False
        self.left: asyncio.Future[Any] = asyncio.Future()

    async def stream(self, answer: bridge.Answer) -> None:
        """Send what there is of an answer; more will come.

        :raises Left: nobody reads it
        """
        if self.left.done():
            raise bodies.Left
        await self.send(answer, more=True)

    async def send(self, answer: bridge.Answer, more: bool) -> None:
        """Send what there is of an answer.

        :raises Left: nobody reads it
        """
        body = b"".join(answer.pieces)
        answer.pieces.clear()
        try:
            if not self._begun:
                self._begun = True
                await self._send(_start(answer))
            # In pieces, or the server would take it all and not wait.
            for begin in range(0, max(len(body), 1), _PIECE):
                end = begin + _PIECE
                self._reading()
                async with asyncio.timeout(self._patience):
                    await self._send(
                        {
                            "type": "http.response.body",
                            "body": body[begin:end],
                            "more_body": more or end < len(body),
                        }
                    )
        except OSError as error:
            raise bodies.Left from error
        except h11.LocalProtocolError as error:
            # Mostly the server has refused what came behind the request.
            LOG.warning("An answer could not be sent: %s", error)
            raise bodies.Left from error


def _start(answer: bridge.Answer) -> dict[str, Any]:
    return {
        "type": "http.response.start",
        "status": answer.status,
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in answer.headers
        ],
    }


async def refuse(
    status: int,
    scope: bridge.Scope,
    receive: bodies.Receive,
    out: Out,
    detail: str | None = None,
) -> None:
    """Refuse a request, log it, and have the connection closed.

    :param detail: why, where the status does not say it
    :raises Left: nobody reads it
    """
    made = context.generate_request_id()
    path = scope["raw_path"].decode("latin-1")
    caller, *_ = scope["client"] or ("-",)
    accesslog.write(caller, scope["method"], path, status, made)
    shown = errors.from_status(status, made, detail)
    headers = [
        *shown.headerlist,
        ("X-OpenStack-Request-ID", made),
        ("Connection", "close"),
    ]
    answer = bridge.Answer(status, headers, [shown.body])
    await out.send(answer, more=True)
    rest = asyncio.ensure_future(throw_away(receive))
    await asyncio.wait([rest], timeout=LINGER)
    rest.cancel()
    await out.send(answer, more=False)


async def throw_away(receive: bodies.Receive) -> None:
    """Take what still comes of a request."""
    while (await receive()).get("more_body"):
        pass
