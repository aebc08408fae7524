# SPDX-License-Identifier: Apache-2.0
"""Serves the application by itself, on cheroot."""

import ssl
import threading

from cheroot import wsgi
from cheroot.ssl import builtin
from oslo_config import cfg
from oslo_log import log

from reposync.api import auth
from reposync.api import patience
from reposync.api import streams

LOG = log.getLogger(__name__)


class BadOptions(Exception):
    """The options of the server contradict each other."""


class ApiServer:
    """An HTTP server with a bounded number of threads.

    :param app: the application
    """

    def __init__(self, conf: cfg.ConfigOpts, app: auth.Wsgi):
        """Store what to serve."""
        options = conf.api
        if options.max_streams >= options.threads:
            raise BadOptions(
                "[api] max_streams must be smaller than threads, or streams "
                "could take them all"
            )
        self._options = options
        self._app = app
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
        if options.tls_cert_file:
            server.ssl_adapter = self._tls()
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
        adapter = builtin.BuiltinSSLAdapter(
            options.tls_cert_file, options.tls_key_file, options.tls_ca_file
        )
        adapter.context.minimum_version = ssl.TLSVersion.TLSv1_2
        if options.tls_ca_file:
            adapter.context.verify_mode = ssl.CERT_REQUIRED
        return adapter
