# SPDX-License-Identifier: Apache-2.0
"""Watches a process: its memory, and what it keeps on disk meanwhile."""

import os
from pathlib import Path
import stat
import threading

_EVERY = 0.05
_MB = 1_000_000


class Watch:
    """Looks at a process again and again until it is closed.

    :param pid: of the process
    :param ignored: files it may write, such as its log
    :ivar scratch: most bytes it had in files of its own at a time
    """

    def __init__(self, pid: int, ignored: Path):
        self._fds = Path(f"/proc/{pid}/fd")
        self._pid = pid
        self._ignored = ignored
        self._over = threading.Event()
        self.scratch = 0
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    @property
    def peak_mb(self) -> float:
        """Most memory the process has had since it began, in MB."""
        return peak_mb(self._pid)

    def close(self) -> None:
        """Stop looking."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_EVERY):
            self.scratch = max(self.scratch, self._written())

    def _written(self) -> int:
        """Add up the regular files that are open for writing."""
        total = 0
        for link in self._fds.iterdir():
            try:
                found = os.stat(link)
                target = os.readlink(link)
                flags = self._flags(link.name)
            except OSError:
                continue
            regular = stat.S_ISREG(found.st_mode)
            if (
                regular
                and flags & os.O_ACCMODE
                and target != str(self._ignored)
            ):
                total += found.st_blocks * 512
        return total

    def _flags(self, fd: str) -> int:
        text = (self._fds.parent / "fdinfo" / fd).read_text()
        [line] = [x for x in text.splitlines() if x.startswith("flags")]
        return int(line.split()[1], 8)


def peak_mb(pid: int) -> float:
    """Tell the most memory a process has had since it began, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [line] = [each for each in lines if each.startswith("VmHWM")]
    return int(line.split()[1]) * 1024 / _MB
