# SPDX-License-Identifier: Apache-2.0
"""Programs of a newer Debian, in a directory of their own.

They run in that directory as their root (chroot), each in a mount namespace
of its own: what is mounted for them is seen by no other process, and is gone
when they end.  The machine needs nothing of the newer release.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import fcntl
import hashlib
import os
from pathlib import Path
import shutil
import subprocess
from typing import Any

from lab import mounts
from lab import server
from lab import state as lab_state

RELEASE = "forky"
#: What makes it, a package of the machine itself.
MAKER = "mmdebstrap"
_PACKAGES = (
    *("docker.io", "docker-cli", "containerd", "runc", "ca-certificates"),
    *("skopeo", "oras", "cosign", "crane", "rabbitmq-server"),
)
_OPTIONS = (
    *("--mode=root", "--variant=apt", "--components=main"),
    # A mirror's copy may be older than its own date; its signatures count.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=APT::Install-Recommends "false"',
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
)
_MIRROR = "http://deb.debian.org/debian"
_OF_THE_MACHINE = ("/etc/hosts", "/etc/resolv.conf")
#: Arguments: the root, what it shares with the machine, --, the program.
_ENTER = """
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir -p "$root$1"; else touch "$root$1"; fi
    mount --bind "$1" "$root$1"
    shift
done
shift
exec chroot "$root" "$@"
"""


class Tree:
    """The directory.

    :param packages: what is installed in it beside the essential ones
    :ivar path: where it is
    """

    def __init__(
        self,
        state: lab_state.State,
        release: str = RELEASE,
        packages: Sequence[str] = _PACKAGES,
    ):
        self._state = state
        self._release = release
        self._packages = packages
        self.path = state.path / release

    @property
    def made(self) -> bool:
        """Tell whether it is there, with all that is needed."""
        return (
            self._stamp.exists() and self._stamp.read_text() == self._version
        )

    @property
    def _version(self) -> str:
        text = " ".join((self._release, *_OPTIONS, *self._packages))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def _stamp(self) -> Path:
        # Beside it: what is in it belongs to its packages.
        return self._state.path / f"{self._release}.made"

    def make(self) -> None:
        """Make it, unless it was made before.

        :raises LabError: it cannot be made; the text says why
        """
        self._state.path.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if self.made:
                return
            print(f"making a tree of Debian {self._release}", flush=True)
            mounts.undo(self.path)
            self._stamp.unlink(missing_ok=True)
            if self.path.exists():
                shutil.rmtree(self.path)
            packages = f"--include={','.join(self._packages)}"
            place = [self._release, str(self.path), _mirror()]
            try:
                server.run([MAKER, *_OPTIONS, *_proxies(), packages, *place])
            except (server.LabError, OSError) as error:
                raise server.LabError(
                    f"the tree of Debian {self._release}, which tests and "
                    f"modern servers need, cannot be made: {error}"
                ) from error
            self._stamp.write_text(self._version)

    def command(
        self,
        argv: Sequence[str],
        shared: Sequence[Path] = (),
        root: Path | None = None,
    ) -> list[str]:
        """Give the command line of a program in the tree.

        :param shared: directories and files of the machine that it uses,
            under the names they have there
        :param root: a copy of the tree, in its place
        """
        places = [*_OF_THE_MACHINE, *map(str, shared)]
        return [
            *("unshare", "--mount", "--propagation=private"),
            *("sh", "-euc", _ENTER, "sh", str(root or self.path)),
            *(place for place in places if os.path.exists(place)),
            *("--", *argv),
        ]

    def run(
        self,
        *argv: str,
        shared: Sequence[Path] = (),
        **kwargs: Any,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the tree to its end.

        :param kwargs: as of `subprocess.run`
        """
        return subprocess.run(
            self.command(argv, shared),
            **{"capture_output": True, "text": True, "check": True} | kwargs,
        )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._state.path / f"{self._release}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _proxies() -> list[str]:
    """Give the proxies of the machine's own apt as options."""
    kinds = [f"Acquire::{kind}::Proxy" for kind in ("http", "https")]
    found = server.run(
        ["apt-config", "dump", "--format", '%f "%v";%n', *kinds]
    ).splitlines()
    return [f"--aptopt={line}" for line in found if not line.endswith('"";')]


def _mirror() -> str:
    """Give the mirror that apt uses itself."""
    listed = server.run(
        [
            *("apt-get", "indextargets", "--format", "$(REPO_URI)"),
            *("Created-By: Packages", "Origin: Debian", "Label: Debian"),
        ]
    )
    return next(iter(listed.split()), _MIRROR)
