# SPDX-License-Identifier: Apache-2.0
"""Records commands on a terminal, for the documentation; run by tools/record.

The commands run in tmux against the service on the lab's servers.  The
registry is behind a slow line, so that there is something to see.
"""

import contextlib
import os
from pathlib import Path
import socket
import socketserver
import subprocess
import sys
import threading
import time

from lab import images
from tests import screen
from tests import serve
from tests.fixtures import deployment
from tests.fixtures import wait

_WIDTH, _HEIGHT = 100, 18
#: Bytes a second, over all connections.
_SPEED = 18_000_000
_PIECE = 65536
#: All columns would be wider than the terminal.
_SHOWN = "-c Reference -c Outcome"
#: Megabytes of the images that are synchronised.
_SIZES = {"web": 60, "db": 95, "cache": 25, "queue": 75, "search": 45}


class SlowLine(socketserver.ThreadingTCPServer):
    """Passes bytes on, but not too many at a time.

    :param upstream: host and port of the registry
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, upstream: str):
        host, _, port = upstream.partition(":")
        self.upstream = host, int(port)
        self.lock, self.free_at = threading.Lock(), 0.0
        super().__init__(("127.0.0.1", 0), _Connection)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.server_address[1]}"

    def slow_down(self, number: int) -> None:
        """Wait until so many bytes may pass."""
        with self.lock:
            begin = max(self.free_at, time.monotonic())
            self.free_at = begin + number / _SPEED
        time.sleep(max(self.free_at - time.monotonic(), 0))


class _Connection(socketserver.BaseRequestHandler):
    server: SlowLine

    def handle(self) -> None:
        with socket.create_connection(self.server.upstream) as upstream:
            there = threading.Thread(
                target=self._pump, args=(self.request, upstream), daemon=True
            )
            there.start()
            self._pump(upstream, self.request)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(_PIECE):
                self.server.slow_down(len(piece))
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)


class Tmux:
    """A terminal of its own, seen from outside.

    :param env: of the shell in it
    """

    def __init__(self, env: dict[str, str]):
        self._socket = deployment.unique("reposync-record")
        shell = env | {"PS1": "$ ", "TERM": "screen-256color"}
        self._call(
            *("-f", "/dev/null", "new-session", "-d"),
            *("-x", str(_WIDTH), "-y", str(_HEIGHT)),
            # Two words, or a shell starts it, which would drop the prompt.
            *("bash", "--norc"),
            env=shell,
        )
        try:
            wait.until(self._waits, "a prompt")
        except AssertionError:
            self.close()
            raise

    def play(self, command: str) -> list[screen.Frame]:
        """Type a command; gives what is seen until the prompt is back."""
        self._call("send-keys", "-l", command)
        typed = f"$ {command}"
        wait.until(
            lambda: typed in self._text().replace("\n", ""), "the command"
        )
        begun = time.monotonic()
        frames = [screen.Frame(0.0, self._text())]
        self._call("send-keys", "Enter")

        def look() -> bool:
            seen = self._text()
            if seen != frames[-1].text:
                frames.append(screen.Frame(time.monotonic() - begun, seen))
            return len(frames) > 1 and self._waits()

        deadline = begun + 180
        while not look():
            if time.monotonic() > deadline:
                raise AssertionError(f"no end of {command}: {self._text()}")
            time.sleep(0.1)
        return frames

    def clear(self) -> None:
        """Empty the terminal."""
        self._call("send-keys", "-R")
        self._call("send-keys", "-l", "clear")
        self._call("send-keys", "Enter")
        wait.until(lambda: self._text().strip() == "$", "an empty terminal")

    def close(self) -> None:
        """End it."""
        self._call("kill-server")

    def _waits(self) -> bool:
        return self._text().rstrip().endswith("\n$") or (
            self._text().strip() == "$"
        )

    def _text(self) -> str:
        return self._call("capture-pane", "-p").stdout

    def _call(
        self, *words: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["tmux", "-u", "-L", self._socket, *words],
            check=True,
            capture_output=True,
            text=True,
            env=env,
        )


def fill(registry: str) -> None:
    """Push the images that are synchronised."""
    for name, megabytes in _SIZES.items():
        content = {"data": os.urandom(megabytes * 1_000_000)}
        images.push_image(registry, f"demo/{name}", "1", content)


def main() -> None:
    """Record both commands into a directory."""
    target = Path(sys.argv[1])
    target.mkdir(exist_ok=True)
    env = dict(os.environ)
    fill(env["LAB_REGISTRY"])
    with contextlib.ExitStack() as stack:
        slow = stack.enter_context(SlowLine(env["LAB_REGISTRY"]))
        stack.callback(slow.shutdown)
        options = {"source": "registry", "workers": 3}
        service = serve.start(env, conductor=options)
        stack.callback(service.stop)
        names = [f"{slow.address}/demo/{name}:1" for name in _SIZES]
        bad = f"{slow.address}/demo/nothing:1"
        service.list.write_text("\n".join([*names, bad]) + "\n")
        terminal = Tmux(env)
        stack.callback(terminal.close)
        for title, words in (
            ("pull", f"image pull --wait {names[0]} {names[2]} {_SHOWN}"),
            ("sync", "sync --wait -c state -c counts"),
        ):
            frames = terminal.play(f"openstack reposync {words}")
            path = target / f"{title}.svg"
            screen.write(path, frames, _WIDTH, _HEIGHT)
            print(f"{path}: {len(frames)} frames")
            terminal.clear()


if __name__ == "__main__":
    main()
