# SPDX-License-Identifier: Apache-2.0
"""``reposync-standalone``: the whole service in one process.

API and conductor are the same as in a deployment; they talk over
oslo.messaging's in-memory transport and share an SQLite database.
"""

from pathlib import Path
import signal
import sys
import threading
from types import FrameType

from oslo_config import cfg
from oslo_log import log

from reposync import exception
from reposync.api import app
from reposync.api.identity import authentication
from reposync.api.serving import server
from reposync.cmd import home
from reposync.cmd import launch
from reposync.conductor import service as conductor_service
from reposync.db import migration
from reposync.db.connection import session
from reposync.webhooks import receivers

LOG = log.getLogger(__name__)

#: What keeps it from starting, with a text for who starts it.
_REFUSALS = (
    OSError,
    authentication.BadSecret,
    exception.ReposyncError,
    receivers.BadReceiver,
    server.BadOptions,
)


def set_defaults(conf: cfg.ConfigOpts, directory: Path) -> None:
    """Change the defaults to what suits a single process."""
    for group, name, value in (
        (None, "transport_url", "fake://"),
        ("database", "connection", f"sqlite:///{directory / home.DATABASE}"),
        ("api", "auth_strategy", "token"),
        ("api", "token_file", str(directory / home.TOKEN)),
        ("conductor", "driver", "filesystem"),
        ("conductor", "source", "registry"),
        ("filesystem", "directory", str(directory / home.IMAGES)),
        ("repositories", "file", str(directory / home.LIST)),
    ):
        conf.set_default(name, value, group=group)


def greet(conf: cfg.ConfigOpts, directory: Path, port: int, new: bool) -> None:
    """Tell a person how to use what has just started."""
    scheme = "https" if conf.api.tls_cert_file else "http"
    url = f"{scheme}://{conf.api.bind_host}:{port}"
    lines = [f"reposync listens on {url}", f"data: {directory}"]
    token = directory / home.TOKEN
    if new and sys.stdout.isatty():
        secret = token.read_text(encoding="ascii").strip()
        lines.append(f"token (made now, kept in {token}): {secret}")
    else:
        # What is no terminal is the journal, or a log that others collect.
        made = " (made now)" if new else ""
        lines.append(f"token{made}: see {token}")
    lines.append(
        f'try: curl -H "X-Auth-Token: $(cat {token})" {url}/v1/images'
    )
    print("\n".join(lines), flush=True)  # noqa: T201 (it is for the person)


def main() -> int:
    """Run until told to stop."""
    conf = launch.prepare()
    directory, new, lock = home.prepare(conf.standalone.directory)
    try:
        set_defaults(conf, directory)
        launch.try_plugins(conf)
        migration.sync(session.Database(conf))
        services = app.make_services(conf)
        served = server.ApiServer(conf, app.make_app(conf, services))
    except exception.DatabaseUnavailable as error:
        launch.refuse(Exception(f"The database: {error.reason}"))
    except _REFUSALS as error:
        launch.refuse(error)
    try:
        return run(conf, served, directory, new)
    finally:
        services.close()
        lock.close()


def run(
    conf: cfg.ConfigOpts,
    api: server.ApiServer,
    directory: Path,
    new: bool,
) -> int:
    """Run API and conductor until told to stop."""
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    conductor = conductor_service.ConductorService(conf)
    conductor.start()
    api.start()
    greet(conf, directory, api.port, new)
    stopping.wait()
    LOG.info("Stopping")
    api.stop()
    conductor.stop()
    return 0
