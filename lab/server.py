# SPDX-License-Identifier: Apache-2.0
"""One server of the lab: how it is started, watched and stopped."""

from collections.abc import Callable
import os
from pathlib import Path
import signal
import subprocess
import time
from typing import Any

from lab import state as lab_state


class LabError(Exception):
    """A server cannot be had; the text says which and why."""


class Server:
    """A process in a session of its own, remembered by pid and start time.

    :ivar name: as on the command line of the lab
    :ivar packages: Debian packages it needs
    :ivar after: servers that must run before it
    :ivar by_default: whether a bare ``up`` starts it
    :ivar modern: of a newer release; a bare ``up`` does without it where it
        cannot be had
    """

    name: str
    packages: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    by_default = True
    modern = False
    stop_signal = signal.SIGTERM
    stop_seconds = 30
    start_seconds = 90

    def __init__(self, state: lab_state.State):
        self.state = state

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self.state.port(self.name)

    @property
    def data(self) -> Path:
        """Where its data is."""
        return self.state.directory(self.name)

    def prepare(self) -> None:
        """Make configuration and data; called before each start."""

    def command(self) -> list[str]:
        """Give the command line."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Give variables on top of the usual ones."""
        return {}

    def ready(self) -> bool:
        """Tell whether it answers."""
        return lab_state.listening(self.port)

    def complete(self) -> None:
        """Bring its contents up to date; called after each start."""

    def user(self) -> str | None:
        """Give the account it runs as; None for the caller's own."""
        return None

    def start(self) -> None:
        """Start it, unless it runs, and wait until it answers."""
        if not self.running():
            self._find_port()
            self.prepare()
            self._spawn()
        wait(self.ready, self.start_seconds, self._fail, self.running)
        self.complete()

    def _find_port(self) -> None:
        # Threads of a process that was killed may keep it for a moment.
        try:
            wait(lambda: not lab_state.listening(self.port), 5, _late)
        except LabError:
            self.state.new_port(self.name)

    def stop(self, how: int | None = None) -> None:
        """End it and all its children, and wait until they are gone."""
        if not self.running():
            return
        family = {each: started_at(each) for each in group(self._pid())}

        def gone() -> bool:
            return not any(
                begun and started_at(each) == begun
                for each, begun in family.items()
            )

        _signal(self._pid(), how or self.stop_signal)
        try:
            wait(gone, self.stop_seconds, _late)
        except LabError:
            for each, begun in family.items():
                if begun and started_at(each) == begun:
                    os.kill(each, signal.SIGKILL)
            wait(gone, 10, self._fail)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.stop(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze it."""
        _signal(self._pid(), signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        _signal(self._pid(), signal.SIGCONT)

    def running(self) -> bool:
        """Tell whether the process that was started still runs."""
        known = self._known()
        return bool(known) and started_at(known["pid"]) == known["started"]

    def _known(self) -> dict[str, Any]:
        return dict(self.state.get(f"process:{self.name}", dict))

    def _pid(self) -> int:
        return int(self._known()["pid"])

    def _spawn(self) -> None:
        with self.state.log(self.name).open("ab") as log:
            process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clean_environment() | self.environment(),
                cwd="/",
                user=self.user(),
                group=self.user(),
                extra_groups=[] if self.user() else None,
                start_new_session=True,
            )
        known = {"pid": process.pid, "started": started_at(process.pid)}
        self.state.put(f"process:{self.name}", known)

    def _fail(self) -> LabError:
        path = self.state.log(self.name)
        lines = path.read_text(errors="replace").splitlines()[-15:]
        return LabError(
            "\n".join([f"{self.name} did not start. {path} ends:", *lines])
        )


def wait(
    condition: Callable[[], bool],
    seconds: float,
    error: Callable[[], Exception],
    possible: Callable[[], bool] = lambda: True,
) -> None:
    """Wait for a condition; give up when it is late or not possible."""
    deadline = time.monotonic() + seconds
    pause = 0.02
    while not condition():
        if time.monotonic() > deadline or not possible():
            raise error()
        time.sleep(pause)
        pause = min(pause * 1.5, 0.3)


def started_at(pid: int) -> str | None:
    """Tell when a process began, in ticks; None if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except OSError:
        return None
    state, *rest = fields.split()
    return None if state == "Z" else rest[18]


def group(leader: int) -> list[int]:
    """List a server's living processes: of its session, and descendants.

    Some start children in sessions of their own.
    """
    parents: dict[int, int] = {}
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2]
        except OSError:
            continue
        state, parent, _, session, *_ = fields.split()
        if state != "Z":
            parents[int(entry.name)] = int(parent)
            if leader in (int(session), int(entry.name)):
                found.add(int(entry.name))
    while (
        more := {pid for pid, parent in parents.items() if parent in found}
        - found
    ):
        found |= more
    return sorted(found)


def clean_environment() -> dict[str, str]:
    """Give the environment without what belongs to some other service."""
    return {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("OS_", "RABBITMQ_", "DOCKER_", "PYTHON"))
    } | {"LC_ALL": "C.UTF-8"}


def run(command: list[str], **kwargs: Any) -> str:
    """Run a program to its end; returns its output.

    :raises LabError: it failed; the text has the end of its output
    """
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **{"env": clean_environment()} | kwargs,
    )
    if done.returncode:
        output = (done.stdout + done.stderr)[-3000:]
        raise LabError(f"{command[0]} failed ({done.returncode}): {output}")
    return done.stdout


def _late() -> LabError:
    return LabError("too late")


def _signal(leader: int, number: int) -> None:
    # A graceful stop is for the leader to pass on; the rest is for all.
    graceful = number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
    for pid in [leader] if graceful else group(leader):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
