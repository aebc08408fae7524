# SPDX-License-Identifier: Apache-2.0
"""From ASGI to WSGI: what the application gets, and where it runs."""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from concurrent import futures
import dataclasses
import io
import sys
from typing import Any
from urllib import parse

from reposync.api.identity import authentication

Scope = dict[str, Any]


class BadRequest(Exception):
    """A request that two servers could read in two ways, or none can."""


@dataclasses.dataclass
class Answer:
    """The beginning of an answer, and what there is of its body."""

    status: int = 500
    headers: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    pieces: list[bytes] = dataclasses.field(default_factory=list)

    def is_stream(self) -> bool:
        """Tell whether it does not say how long it is."""
        names = [name.lower() for name, _ in self.headers]
        return "content-length" not in names


Stream = Callable[[Answer], Awaitable[None]]


class Bridge:
    """An application, in a bounded number of threads."""

    def __init__(self, app: authentication.Wsgi, threads: int):
        """Start no thread yet."""
        self._app = app
        self._pool = futures.ThreadPoolExecutor(threads, "api")

    def close(self) -> None:
        """End the threads when they have nothing to do."""
        self._pool.shutdown(wait=False)

    async def call(self, environ: dict[str, Any], stream: Stream) -> Answer:
        """Call the application.

        An answer that says how long it is comes back whole, so its caller
        holds no thread while it reads.  The thread of a stream waits until
        each piece has gone out.

        :param stream: sends what there is of an answer, and takes it away
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._pool, self._run, environ, stream, loop
        )

    def _run(
        self,
        environ: dict[str, Any],
        stream: Stream,
        loop: asyncio.AbstractEventLoop,
    ) -> Answer:
        answer = Answer()

        def start(status: str, headers: Any, *rest: Any) -> Any:
            answer.status, answer.headers = int(status[:3]), headers
            return answer.pieces.append

        body = self._app(environ, start)
        try:
            for piece in body:
                answer.pieces.append(piece)
                if answer.is_stream():
                    sent = asyncio.run_coroutine_threadsafe(
                        _await(stream(answer)), loop
                    )
                    sent.result()
        finally:
            if hasattr(body, "close"):
                body.close()
        return answer


async def _await(awaitable: Awaitable[None]) -> None:
    await awaitable


def stated_length(scope: Scope) -> int:
    """Look whether it is clear where the request ends.

    :returns: the length of the body, as far as it is stated
    :raises BadRequest: it is not clear
    """
    headers = dict(scope["headers"])
    stated = headers.get(b"content-length")
    if b"transfer-encoding" in headers and (
        stated is not None or scope["http_version"] == "1.0"
    ):
        raise BadRequest
    return int(stated or 0)


def environ(scope: Scope) -> dict[str, Any]:
    """Make what WSGI wants to know (PEP 3333), but for the body.

    There, a hyphen and an underscore in a header's name are the same, so
    ``X_Auth_Token`` could pass for ``X-Auth-Token``.

    :raises BadRequest: the path is none
    """
    host, port = scope.get("server") or ("", "")
    made: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": _path(scope),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("-",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" not in name and name != b"transfer-encoding":
            key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
            before = [made[key]] if key in made else []
            made[key] = ", ".join([*before, value.decode("latin-1")])
    made["CONTENT_TYPE"] = made.pop("HTTP_CONTENT_TYPE", "")
    return made


def add_body(made: dict[str, Any], body: bytes) -> None:
    """Add the body, which has come in whole, whatever its form was."""
    made.pop("HTTP_CONTENT_LENGTH", None)
    made["CONTENT_LENGTH"] = str(len(body))
    made["wsgi.input"] = io.BytesIO(body)


def _path(scope: Scope) -> str:
    """Give the path, whatever form the target has (RFC 9112, 3.2)."""
    raw: bytes = scope["raw_path"]
    if raw == b"*" and scope["method"] == "OPTIONS":
        raw = b"/"
    elif raw.lower().startswith((b"http://", b"https://")):
        raw = b"/" + raw.split(b"/", 3)[3] if raw.count(b"/") > 2 else b"/"
    if not raw.startswith(b"/"):
        raise BadRequest
    return parse.unquote_to_bytes(raw).decode("latin-1")
