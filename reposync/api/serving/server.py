# SPDX-License-Identifier: Apache-2.0
"""Serves the application by itself, on uvicorn.

One thread takes in what all callers send, with asyncio; a request gets
another one when all of it is there.
"""

import asyncio
import os
import signal
import ssl
import threading
from typing import Any

from oslo_config import cfg
from oslo_log import log
import uvicorn

from reposync.api import streams
from reposync.api.identity import authentication
from reposync.api.serving import bodies
from reposync.api.serving import bridge
from reposync.api.serving import limits
from reposync.api.serving import listener
from reposync.api.serving import listening
from reposync.api.serving import tls

LOG = log.getLogger(__name__)

#: Seconds in which what was begun is answered when the server stops.
_SHUTDOWN = 30
#: Seconds in which connections without a request end then.
_PARTING = 1.0
_FOR_EVER = float("inf")
#: How many connections are accepted before others get their turn.
_AT_ONCE = 64


class BadOptions(Exception):
    """The options of the server contradict each other, or cannot be used."""


class ApiServer:
    """An HTTP server with a bounded number of threads and connections.

    :param app: the application
    """

    def __init__(self, conf: cfg.ConfigOpts, app: authentication.Wsgi):
        """Store what to serve; look whether that can be done here.

        :raises BadOptions: it cannot; the text says which option to mend
        """
        options = conf.api
        if options.max_streams >= options.threads:
            raise BadOptions(
                "[api] max_streams must be smaller than threads, or streams "
                "could take them all"
            )
        self._options = options
        self._app = app
        self._max_body = conf.oslo_middleware.max_request_body_size
        self._tls: ssl.SSLContext | None = None
        try:
            if options.tls_cert_file:
                self._tls = tls.make_context(options)
            listening.listen(options).close()
        except (tls.BadCertificates, listening.CannotListen) as error:
            raise BadOptions(str(error)) from error
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._port = 0

    @property
    def port(self) -> int:
        """The port it listens on, once it was started."""
        return self._port

    def start(self) -> None:
        """Listen, and serve in threads."""
        # Not before: the process was forked in between.
        options = self._options
        patience = min(options.timeout, options.request_timeout)
        opened = listener.Listener(
            listening.listen(options), listener.most(), patience
        )
        self._port = int(opened.getsockname()[1])
        streams.STOPPING.clear()
        app = bridge.Bridge(self._app, options.threads)
        incoming = bodies.Bodies(
            self._max_body, options.timeout, options.request_timeout
        )
        limited = limits.Limits(app, incoming, opened, options.timeout)
        self._server = uvicorn.Server(self._config(limited))
        self._thread = threading.Thread(
            target=self._run,
            args=(self._server, app, opened),
            name="api",
            daemon=True,
        )
        self._thread.start()
        LOG.info("Listening on %s:%d", options.bind_host, self.port)

    def stop(self) -> None:
        """Answer what was begun, and end."""
        streams.STOPPING.set()
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(_SHUTDOWN + 2)
            self._thread = None

    def _config(self, app: limits.Limits) -> uvicorn.Config:
        context = self._tls
        return uvicorn.Config(
            app,
            interface="asgi3",
            http="h11",
            ws="none",
            lifespan="off",
            workers=1,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=_AT_ONCE,
            # More than we take: ours is the refusal that says why.
            h11_max_incomplete_event_size=2 * limits.MAX_HEAD,
            timeout_keep_alive=self._options.timeout,
            timeout_graceful_shutdown=_SHUTDOWN,
            ssl_context_factory=(lambda *_: context) if context else None,
        )

    def _run(
        self,
        server: uvicorn.Server,
        app: bridge.Bridge,
        opened: listener.Listener,
    ) -> None:
        try:
            asyncio.run(_serve(server, opened))
        except BaseException:
            LOG.exception("The server ended unexpectedly")
        finally:
            app.close()
            if not server.should_exit:
                # Without it the process is of no use: another one is begun.
                os.kill(os.getpid(), signal.SIGTERM)


async def _serve(server: uvicorn.Server, opened: listener.Listener) -> None:
    asyncio.get_running_loop().set_exception_handler(_unexpected)
    sweeping = asyncio.ensure_future(_sweep(server, opened))
    await server.serve(sockets=[opened])
    sweeping.cancel()


async def _sweep(server: uvicorn.Server, opened: listener.Listener) -> None:
    while True:
        await asyncio.sleep(0.5)
        # Over TLS, callers that keep a connection for their next request
        # would not hear of the end before that.
        opened.sweep(_PARTING if server.should_exit else _FOR_EVER)


def _unexpected(
    loop: asyncio.AbstractEventLoop, context: dict[str, Any]
) -> None:
    """Log in a line what a caller may bring about as often as it likes."""
    LOG.warning(
        "A connection ended: %s: %r",
        context["message"],
        context.get("exception"),
    )
