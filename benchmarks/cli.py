# SPDX-License-Identifier: Apache-2.0
"""Lists images with the openstack command: of Glance, and of the service.

Most of the time goes into the start of the command.
"""

import contextlib
import os
from pathlib import Path
import subprocess
import sys
from typing import Any

from benchmarks import table
from benchmarks import ways
from tests import serve

_OPENSTACK = str(Path(sys.executable).parent / "openstack")
_COMMANDS = {
    "openstack image list": ("image", "list"),
    "openstack reposync image list": ("reposync", "image", "list"),
}
_NOTES = {
    "openstack image list": "Keystone, then Glance",
    "openstack reposync image list": "Keystone, then API, conductor, Glance",
}
#: Fewer would measure what else the machine does.
_ROUNDS = 10


def run(env: dict[str, str], rounds: int) -> dict[str, Any]:
    """Measure both in turn, as often as was asked for, but ten times."""
    service = serve.start(env, DEFAULT={"debug": False})
    with contextlib.ExitStack() as stack:
        stack.callback(service.stop)
        for words in _COMMANDS.values():
            _list(env, words)
        times: dict[str, list[float]] = {name: [] for name in _COMMANDS}
        for _ in range(max(rounds, _ROUNDS)):
            for name, words in _COMMANDS.items():
                times[name].append(_list(env, words))
    base, ours = _COMMANDS
    table.show("the same images, listed", times, base, _NOTES)
    found = {
        "image_list_s": table.median(times, base),
        "reposync_image_list_s": table.median(times, ours),
    }
    found["ours_over_image_list"] = (
        found["reposync_image_list_s"] / found["image_list_s"]
    )
    return {name: round(value, 3) for name, value in found.items()}


def _list(env: dict[str, str], words: tuple[str, ...]) -> float:
    command = [_OPENSTACK, *words, "-f", "json"]
    return ways.timed(
        lambda: subprocess.run(
            command,
            check=True,
            capture_output=True,
            env=os.environ | env,
        )
    )
