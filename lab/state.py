# SPDX-License-Identifier: Apache-2.0
"""What the lab remembers: ports, passwords, directories."""

from collections.abc import Callable
import contextlib
import fcntl
import json
import os
from pathlib import Path
import secrets
import shutil
import socket
import tempfile
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class State:
    """A dictionary in a file, and the directories beside it.

    :ivar path: where all data of the lab is
    """

    def __init__(self, path: Path | None = None):
        chosen = os.environ.get("REPOSYNC_LAB_DIR")
        self.path = path or Path(chosen or ROOT / ".lab").resolve()
        self._file = self.path / "state.json"
        self._values: dict[str, Any] = {}
        if self._file.exists():
            self._values = json.loads(self._file.read_text())

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """Read a value; made and kept the first time."""
        if key not in self._values:
            self.put(key, make())
        return self._values[key]

    def put(self, key: str, value: Any) -> None:
        """Keep a value."""
        self.path.mkdir(mode=0o755, parents=True, exist_ok=True)
        with self._locked():
            if self._file.exists():
                self._values |= json.loads(self._file.read_text())
            self._values[key] = value
            draft = self._file.with_suffix(".new")
            draft.write_text(json.dumps(self._values, indent=1))
            draft.chmod(0o600)
            draft.rename(self._file)

    def port(self, name: str) -> int:
        """Give the port of a server, the same each time."""
        return int(self.get(f"port:{name}", free_port))

    def new_port(self, name: str) -> int:
        """Choose another port, because the old one is taken."""
        self.put(f"port:{name}", free_port())
        return self.port(name)

    def password(self, name: str) -> str:
        """Give a password, the same each time."""
        return str(self.get(f"password:{name}", lambda: secrets.token_hex(12)))

    def directory(self, name: str) -> Path:
        """Give a directory for data."""
        path = self.path / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def directory_for(self, account: str, name: str) -> Path:
        """Give a directory for data that another account must reach.

        Below a directory closed to others, such as ``/root``, it cannot be.
        """
        path = self.path / name
        closed = [p for p in self.path.parents if not p.stat().st_mode & 1]
        if not closed:
            return self.directory(name)
        made = Path(
            self.get(
                f"directory:{name}",
                lambda: tempfile.mkdtemp(
                    prefix="reposync-lab-", dir="/var/tmp"
                ),
            )
        )
        made.mkdir(exist_ok=True)
        shutil.chown(made, account)
        if not path.is_symlink():
            path.symlink_to(made)
        return made

    def log(self, name: str) -> Path:
        """Give the file a server's log goes to."""
        return self.directory("log") / f"{name}.log"

    @property
    def run(self) -> Path:
        """A short directory for sockets: their paths must stay short."""
        made = Path(
            self.get("run", lambda: tempfile.mkdtemp(prefix="reposync-lab-"))
        )
        made.mkdir(exist_ok=True)
        made.chmod(0o755)
        return made

    @contextlib.contextmanager
    def _locked(self) -> Any:
        with (self.path / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def free_port() -> int:
    """Give a port of the loopback interface nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listening(port: int) -> bool:
    """Tell whether somebody listens on a port of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
