# SPDX-License-Identifier: Apache-2.0
"""What callers may take of the service before it knows who they are (ASGI).

uvicorn passes a request on when its headers are there.  Here the body comes
in; a thread is used when all of it is.
"""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any

import h11
from oslo_context import context
from oslo_log import log

from reposync.api import accesslog
from reposync.api import bodies
from reposync.api import bridge
from reposync.api import errors
from reposync.api import listener

LOG = log.getLogger(__name__)

Send = Callable[[dict[str, Any]], Awaitable[None]]

#: Bytes of the target and headers of a request.
MAX_HEAD = 65536
#: Seconds for which more of a refused request is thrown away: a connection
#: that is closed at once often takes the refusal with it.
_LINGER = 2.0


class _HeadTooLarge(Exception):
    """Headers and target are too long."""


_STATUSES: dict[type[Exception], int] = {
    bridge.BadRequest: 400,
    bodies.TooSlow: 408,
    bodies.TooLarge: 413,
    _HeadTooLarge: 431,
}


class Limits:
    """Serves requests whose callers behave.

    :param app: the application
    :param incoming: takes in bodies
    :param connections: where the connections came in
    :param patience: seconds in which a caller must read a piece of an answer
    """

    def __init__(
        self,
        app: bridge.Bridge,
        incoming: bodies.Bodies,
        connections: listener.Listener,
        patience: float,
    ):
        """Store what is needed."""
        self._app = app
        self._incoming = incoming
        self._connections = connections
        self._patience = patience

    async def __call__(
        self, scope: bridge.Scope, receive: bodies.Receive, send: Send
    ) -> None:
        """Serve a request."""
        out = _Out(send, self._patience)
        try:
            try:
                await self._serve(scope, receive, out)
            except tuple(_STATUSES) as error:
                self._connections.keep(scope["client"], self._patience)
                status = _STATUSES[type(error)]
                await _refuse(status, scope, receive, out)
                # Over TLS, some never say that they have heard the end.
                self._connections.keep(scope["client"], _LINGER)
        except bodies.Left:
            LOG.debug("%s left before its answer", scope["client"])
            self._connections.drop(scope["client"])
            await _throw_away(receive)

    async def _serve(
        self, scope: bridge.Scope, receive: bodies.Receive, out: "_Out"
    ) -> None:
        pairs = [(scope["raw_path"], scope["query_string"])]
        pairs += scope["headers"]
        if sum(len(name) + len(value) for name, value in pairs) > MAX_HEAD:
            raise _HeadTooLarge
        environ = bridge.environ(scope)
        if bridge.stated_length(scope) > self._incoming.most:
            raise bodies.TooLarge
        caller = scope["client"]
        self._connections.keep(caller, self._incoming.longest)
        async with self._incoming.read(receive) as body:
            bridge.add_body(environ, body)
            out.left = asyncio.ensure_future(receive())
            try:
                with self._connections.serving(caller):
                    answer = await self._app.call(environ, out.stream)
                # From here on the caller alone is waited for.
                await out.send(answer, more=False)
            finally:
                out.left.cancel()


class _Out:
    """The way out to one caller.

    :ivar left: is done when the caller has left
    """

    def __init__(self, send: Send, patience: float):
        self._send = send
        self._patience = patience
        self._begun = False
        self.left: asyncio.Future[Any] = asyncio.Future()

    async def stream(self, answer: bridge.Answer) -> None:
        """Send what there is of an answer; more will come."""
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
            async with asyncio.timeout(self._patience):
                if not self._begun:
                    self._begun = True
                    await self._send(_start(answer))
                await self._send(
                    {
                        "type": "http.response.body",
                        "body": body,
                        "more_body": more,
                    }
                )
        # h11's: the server has refused what came behind the request.
        except (OSError, h11.LocalProtocolError) as error:
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


async def _refuse(
    status: int, scope: bridge.Scope, receive: bodies.Receive, out: _Out
) -> None:
    """Refuse a request, log it, and have the connection closed.

    :raises Left: nobody reads it
    """
    made = context.generate_request_id()
    path = scope["raw_path"].decode("latin-1")
    caller, *_ = scope["client"] or ("-",)
    accesslog.write(caller, scope["method"], path, status, made)
    shown = errors.from_status(status, made)
    headers = [
        *shown.headerlist,
        ("X-OpenStack-Request-ID", made),
        ("Connection", "close"),
    ]
    answer = bridge.Answer(status, headers, [shown.body])
    await out.send(answer, more=True)
    rest = asyncio.ensure_future(_throw_away(receive))
    await asyncio.wait([rest], timeout=_LINGER)
    rest.cancel()
    await out.send(answer, more=False)


async def _throw_away(receive: bodies.Receive) -> None:
    while (await receive()).get("more_body"):
        pass
