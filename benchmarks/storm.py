# SPDX-License-Identifier: Apache-2.0
"""A storm of Docker Hub's notifications, sent by wrk."""

import json
from pathlib import Path
import subprocess
from typing import Any

from lab import apt
from tests.fixtures import deployment

NUMBER = 10_000
CONNECTIONS = 32
_SCRIPT = Path(__file__).parent / "storm.lua"


def send(url: str, repository: str, tags: int, tag: str) -> dict[str, Any]:
    """Send exactly `NUMBER` notifications and give the figures.

    :param repository: ``namespace/name`` on Docker Hub
    :param tags: how many tags, ``0000`` and so on, they go round
    :param tag: the one tag, if it is one
    :returns: ``seconds``, ``accepted_per_s``, ``accepted``, ``errors``,
        ``p50_ms``, ``p99_ms``, ``max_ms``, and ``client_cpu``: the part of
        one processor that wrk took
    """
    apt.install(["wrk"])
    done = subprocess.run(
        _command(url, repository, str(tags), tag),
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    cpu = sum(float(word) for word in done.stderr.split()[-2:])
    accepted = found["answers"] - found["refused"]
    return {
        "accepted": accepted,
        "accepted_per_s": round(accepted / found["seconds"], 1),
        "errors": NUMBER - accepted + found["broken"],
        "seconds": round(found["seconds"], 2),
        "client_cpu": round(cpu / found["seconds"], 2),
    } | {
        name: round(found[name], 1) for name in ("p50_ms", "p99_ms", "max_ms")
    }


def _command(url: str, repository: str, tags: str, tag: str) -> list[str]:
    """Give the command; its last line of stderr has its processor time."""
    return [
        "bash",
        "-c",
        'TIMEFORMAT="%U %S"; time "$0" "$@"',
        "wrk",
        "--threads=1",
        f"--connections={CONNECTIONS}",
        "--duration=600",
        "--timeout=60",
        f"--script={_SCRIPT}",
        url,
        "--",
        str(NUMBER),
        str(CONNECTIONS),
        tags,
        repository,
        deployment.WEBHOOK_TOKEN,
        tag,
    ]
