# SPDX-License-Identifier: Apache-2.0
"""Names of conductors, which tell whether they are alive.

``host:boot:namespace:pid:begun:random``, after which a worker adds its own:
which start of the host's kernel, which namespace of processes, which process
in it and when that began (proc(5)).  With the same host, boot and namespace a
conductor can see for certain that another one is dead; with others it cannot
know, and waits for the lease.
"""

import os
from pathlib import Path

from oslo_utils import uuidutils

_PROC = Path("/proc")


def make(host: str) -> str:
    """Give this process a name that no other start of any process has."""
    pid = os.getpid()
    return ":".join(
        (
            host.replace(":", "-"),
            *_world(),
            str(pid),
            _begun(pid) or "",
            str(uuidutils.generate_uuid())[:8],
        )
    )


def host_of(owner: str) -> str:
    """Give the part that all conductors of a host share, with its colon."""
    return owner.partition(":")[0] + ":"


def is_dead(owner: str) -> bool:
    """Tell whether an owner's process has ended for certain."""
    try:
        _, boot, namespace, pid, begun, *_ = owner.split(":")
    except ValueError:
        return False
    if not begun or (boot, namespace) != _world():
        return False
    return _begun(int(pid)) != begun


def _world() -> tuple[str, str]:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text()[:8]
        return boot, str(os.stat(_PROC / "self/ns/pid").st_ino)
    except OSError:
        return "", ""


def _begun(pid: int) -> str | None:
    """Tell when a process began, in ticks since the boot."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    # The name, in parentheses, may hold anything.
    state, *rest = text.rpartition(")")[2].split()
    return None if state in "ZX" else rest[18]
