# SPDX-License-Identifier: Apache-2.0
"""``reposync-standalone``: the whole service in one process.

API and conductor are the same as in a deployment; they talk over
oslo.messaging's in-memory transport and share an SQLite database.
"""

import fcntl
import os
from pathlib import Path
import secrets
import signal
import threading
from types import FrameType
from typing import TextIO

from oslo_config import cfg
from oslo_log import log

from reposync import exception
from reposync.api import app
from reposync.api import auth
from reposync.api import server
from reposync.cmd import launch
from reposync.conductor import service as conductor_service
from reposync.db import migration
from reposync.db import session
from reposync.webhooks import receivers

LOG = log.getLogger(__name__)

_LIST = """\
# What is mirrored: one name[:tag] a line. A name or tag may hold * as a
# wildcard; such a line counts for webhooks, not for synchronisations.
"""


#: What keeps it from starting, with a text for who starts it.
_REFUSALS = (
    OSError,
    auth.BadSecret,
    exception.ReposyncError,
    receivers.BadReceiver,
    server.BadOptions,
)


def set_defaults(conf: cfg.ConfigOpts, directory: Path) -> None:
    """Change the defaults to what suits a single process."""
    for group, name, value in (
        (None, "transport_url", "fake://"),
        ("database", "connection", f"sqlite:///{directory / 'reposync.db'}"),
        ("api", "auth_strategy", "token"),
        ("api", "token_file", str(directory / "token")),
        ("conductor", "driver", "filesystem"),
        ("conductor", "source", "registry"),
        ("filesystem", "directory", str(directory / "images")),
        ("repositories", "file", str(directory / "repositories.list")),
    ):
        conf.set_default(name, value, group=group)


def make_directory(directory: Path) -> bool:
    """Make the directory with a token and an empty list.

    :returns: whether the token is new
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    listed = directory / "repositories.list"
    if not listed.exists():
        listed.write_text(_LIST, encoding="utf-8")
    token = directory / "token"
    if token.exists() and token.stat().st_size:
        return False
    # A disk that was full has left an empty one.
    token.unlink(missing_ok=True)
    # Readable by nobody else from the first moment on.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with open(os.open(token, flags, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
    return True


def claim(directory: Path) -> TextIO:
    """Keep other processes off the directory for as long as this one lives.

    :returns: what must stay open
    :raises BlockingIOError: there is another one
    """
    lock = (directory / "lock").open("a", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise
    except OSError as error:
        LOG.warning("%s cannot be locked: %s", directory, error)
    return lock


def _prepare_directory(name: str) -> tuple[Path, bool, TextIO]:
    """Make the directory, or end the program with the reason in a line."""
    try:
        directory = Path(name).expanduser().resolve()
        new = make_directory(directory)
        lock = claim(directory)
    except (OSError, RuntimeError) as error:
        text = f"[standalone] directory = {name}: {_why(error, name)}"
        launch.refuse(Exception(text))
    return directory, new, lock


def _why(error: OSError | RuntimeError, name: str) -> str:
    if isinstance(error, BlockingIOError):
        return "another reposync-standalone works with it"
    if isinstance(error, OSError):
        return f"{error.strerror}: {error.filename or name}"
    return f"{error} Set HOME, or name another directory"


def greet(conf: cfg.ConfigOpts, directory: Path, port: int, new: bool) -> None:
    """Tell a person how to use what has just started."""
    scheme = "https" if conf.api.tls_cert_file else "http"
    url = f"{scheme}://{conf.api.bind_host}:{port}"
    lines = [f"reposync listens on {url}", f"data: {directory}"]
    if new:
        secret = (directory / "token").read_text(encoding="ascii").strip()
        lines.append(f"token (made now, kept in {directory}/token): {secret}")
    else:
        lines.append(f"token: see {directory}/token")
    lines.append(
        f'try: curl -H "X-Auth-Token: $(cat {directory}/token)" '
        f"{url}/v1/images"
    )
    print("\n".join(lines), flush=True)  # noqa: T201 (it is for the person)


def main() -> int:
    """Run until told to stop."""
    conf = launch.prepare()
    directory, new, lock = _prepare_directory(conf.standalone.directory)
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
