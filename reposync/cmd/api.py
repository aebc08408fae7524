# SPDX-License-Identifier: Apache-2.0
"""``reposync-api``: the HTTP interface with a server of its own."""

import threading

from oslo_config import cfg
from oslo_service import service as oslo_service

from reposync.api import app
from reposync.api.identity import authentication
from reposync.api.serving import server
from reposync.cmd import launch
from reposync.webhooks import receivers


class ApiService(oslo_service.Service):
    """The server as a service: it forks before `start`."""

    def __init__(self, conf: cfg.ConfigOpts):
        """Store what to serve."""
        super().__init__()
        self._services = app.make_services(conf)
        wsgi = app.make_app(conf, self._services)
        self._server = server.ApiServer(conf, wsgi)
        self._done = threading.Event()

    def start(self) -> None:
        """Listen."""
        self._server.start()

    def stop(self, graceful: bool = True) -> None:
        """Answer what was begun, and end."""
        self._server.stop()
        self._services.close()
        self._done.set()
        super().stop()

    def wait(self) -> None:
        """Wait until the service is stopped."""
        self._done.wait()
        super().wait()


def main() -> int:
    """Serve until told to stop."""
    conf = launch.prepare()
    try:
        served = ApiService(conf)
    except (
        authentication.BadSecret,
        receivers.BadReceiver,
        server.BadOptions,
    ) as error:
        launch.refuse(error)
    return launch.launch(conf, served, workers=conf.api.workers)
