# SPDX-License-Identifier: Apache-2.0
"""Mounts of this machine, as the kernel lists them (proc_pid_mountinfo(5))."""

from pathlib import Path
import re

from lab import server

_PLACE = 4


def below(path: Path) -> list[Path]:
    """List what is mounted at a path and below it, the innermost first."""
    table = Path("/proc/self/mountinfo").read_text()
    places = [_place(line) for line in table.splitlines()]
    return [each for each in reversed(places) if each.is_relative_to(path)]


def undo(path: Path) -> None:
    """Unmount everything at a path and below it.

    :raises LabError: something is still mounted there
    """
    for place in below(path):
        # Something may look into it for a moment longer.
        server.run(["umount", "--lazy", str(place)])
    if left := below(path):
        raise server.LabError(f"{left[0]} is still mounted; unmount it first")


def _place(line: str) -> Path:
    # Blanks and backslashes are written in octal.
    text = line.split()[_PLACE]
    return Path(re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), text))
