# SPDX-License-Identifier: Apache-2.0
"""Serves the application by itself, on cheroot."""

import errno
from pathlib import Path
import socket
import ssl
import threading
from typing import Any

from cheroot import wsgi
from cheroot.ssl import builtin
from oslo_config import cfg
from oslo_log import log

from reposync.api import auth
from reposync.api import patience
from reposync.api import streams

LOG = log.getLogger(__name__)


_HINTS = {
    errno.EACCES: "ports below 1024 need a right that this account lacks",
    errno.EADDRINUSE: "another program has it, perhaps another reposync; "
    "'ss -ltnp' shows which",
    errno.EADDRNOTAVAIL: "this host has no such address",
}


class BadOptions(Exception):
    """The options of the server contradict each other, or cannot be used."""


class ApiServer:
    """An HTTP server with a bounded number of threads.

    :param app: the application
    """

    def __init__(self, conf: cfg.ConfigOpts, app: auth.Wsgi):
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
        self._adapter = self._tls() if options.tls_cert_file else None
        _try_address(options)
        self._server: wsgi.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None  # noqa: S101 (it was started)
        return int(self._server.bind_addr[1])

    def start(self) -> None:
        """Listen, and serve in threads."""
        options = self._options
        server = wsgi.Server(
            (options.bind_host, options.bind_port),
            self._app,
            numthreads=options.threads,
            max=options.threads,
            timeout=options.timeout,
            shutdown_timeout=30,
            server_name="reposync",
            reuse_port=options.workers > 1,
        )
        server.ConnectionClass = patience.connection(options.request_timeout)
        server.ssl_adapter = self._adapter
        server.prepare()
        streams.STOPPING.clear()
        self._server = server
        self._thread = threading.Thread(
            target=server.serve, name="api", daemon=True
        )
        self._thread.start()
        LOG.info("Listening on %s:%d", options.bind_host, self.port)

    def stop(self) -> None:
        """Answer what was begun, and end."""
        streams.STOPPING.set()
        if self._server is not None:
            self._server.stop()
        if self._thread is not None:
            self._thread.join(30)

    def _tls(self) -> builtin.BuiltinSSLAdapter:
        options = self._options
        for name in ("tls_cert_file", "tls_key_file", "tls_ca_file"):
            _try_file(name, options[name])
        try:
            adapter = builtin.BuiltinSSLAdapter(
                options.tls_cert_file,
                options.tls_key_file,
                options.tls_ca_file,
            )
        except OSError as error:
            raise BadOptions(
                "[api] tls_cert_file, tls_key_file and tls_ca_file: one is "
                "no PEM, or the key belongs to another certificate "
                f"({error.strerror or error})"
            ) from error
        adapter.context.minimum_version = ssl.TLSVersion.TLSv1_2
        if options.tls_ca_file:
            adapter.context.verify_mode = ssl.CERT_REQUIRED
        return adapter


def _try_file(name: str, path: str | None) -> None:
    try:
        if path:
            Path(path).read_bytes()
    except OSError as error:
        raise BadOptions(
            f"[api] {name} = {path} cannot be read: {error.strerror}"
        ) from error


def _try_address(options: Any) -> None:
    """Listen for a moment, as cheroot will: at the first address that works.

    :raises BadOptions: there is none
    """
    host, port = options.bind_host, options.bind_port
    problem: OSError | None = None
    try:
        found = socket.getaddrinfo(
            host or None,
            port,
            type=socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE,
        )
    except OSError as error:
        found, problem = [], error
    for family, kind, protocol, _, address in found:
        try:
            with socket.socket(family, kind, protocol) as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if options.workers > 1:
                    tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                tried.bind(address)
                tried.listen()
                return
        except OSError as error:
            problem = error
    why = problem.strerror if problem else "it has no address"
    hint = _HINTS.get(problem.errno or 0) if problem else None
    raise BadOptions(
        f"[api] bind_host = {host}, bind_port = {port}: nothing can listen "
        f"there: {'; '.join(filter(None, (why, hint)))}"
    )
