# SPDX-License-Identifier: Apache-2.0
"""What callers may take of the service before it knows who they are (ASGI).

uvicorn passes a request on when its headers are there.  Here the body comes
in; a thread is used when all of it is.
"""

import asyncio

from oslo_log import log

from reposync.api.serving import answers
from reposync.api.serving import bodies
from reposync.api.serving import bridge
from reposync.api.serving import listener

LOG = log.getLogger(__name__)

#: Bytes of the target and headers of a request.
MAX_HEAD = 65536


class _HeadTooLarge(Exception):
    """Headers and target are too long."""


_STATUSES: dict[type[Exception], int] = {
    bridge.BadRequest: 400,
    bodies.TooSlow: 408,
    bodies.TooLarge: 413,
    _HeadTooLarge: 431,
    bodies.NoRoom: 503,
}
_DETAILS = {503: "Too many requests come in at once. Try again later"}


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
        self, scope: bridge.Scope, receive: bodies.Receive, send: answers.Send
    ) -> None:
        """Serve a request."""
        caller = scope["client"]
        out = answers.Out(
            send,
            self._patience,
            lambda: self._connections.keep(caller, self._patience),
        )
        try:
            try:
                await self._serve(scope, receive, out)
            except tuple(_STATUSES) as error:
                status = _STATUSES[type(error)]
                await answers.refuse(
                    status, scope, receive, out, _DETAILS.get(status)
                )
                # Over TLS, some never say that they have heard the end.
                self._connections.keep(caller, answers.LINGER)
        except bodies.Left:
            LOG.debug("%s left before its answer", caller)
            self._connections.drop(caller)
            await answers.throw_away(receive)

    async def _serve(
        self, scope: bridge.Scope, receive: bodies.Receive, out: answers.Out
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
                self._connections.rest(caller)
            finally:
                out.left.cancel()
