# SPDX-License-Identifier: Apache-2.0
"""Synchronises images of which none has changed, in four ways."""

import http.client
import os
import subprocess
from typing import Any

from benchmarks import many
from benchmarks import table
from benchmarks import ways
from lab import images

#: Of what is slow, so many are measured, and counted as if it were all.
_SAMPLE = 50
_NOTES = {
    "head limit": "one HEAD each, one kept connection, nothing else",
    "registry": "PUT on the API to the end of the operation",
    "docker pull": f"a loop; {_SAMPLE} measured, scaled",
    "skopeo inspect": f"a loop; {_SAMPLE} measured, scaled",
}


def run(env: dict[str, str], rounds: int) -> dict[str, Any]:
    """Measure a list of 1,000 images."""
    registry = env["LAB_REGISTRY"]
    many.fill(registry)
    names = [f"{registry}/{name}" for name in many.names()]
    ours = ways.Ours(env, "registry")
    try:
        ours.service.list.write_text("".join(f"{name}\n" for name in names))
        print(f"copying {len(names)} images once", flush=True)
        _, first = ours.sync()
        assert not first["failed"], first
        times = _race(env, ours, names, rounds)
    finally:
        ours.forget(names[0])
        ours.stop()
    title = f"{len(names)} images that did not change"
    table.show(title, times, "head limit", _NOTES)
    return table.figures(times, "registry", "head limit") | {
        "images": len(names)
    }


def _race(
    env: dict[str, str], ours: ways.Ours, names: list[str], rounds: int
) -> dict[str, list[float]]:
    pull = ["docker", "-H", env["LAB_DOCKER_HOST"], "pull", "-q"]
    inspect = ["skopeo", "inspect", "--tls-verify=false"]
    sample = names[:: len(names) // _SAMPLE]
    urls = [f"docker://{name}" for name in sample]
    # Unchanged for the engine, too.
    _loop(pull, sample)
    scale = len(names) / len(sample)
    times: dict[str, list[float]] = {name: [] for name in _NOTES}
    for number in range(1, rounds + 1):
        print(f"round {number}", flush=True)
        times["head limit"].append(
            ways.timed(lambda: _heads(env["LAB_REGISTRY"]))
        )
        times["registry"].append(_unchanged(ours, len(names)))
        times["docker pull"].append(
            scale * ways.timed(lambda: _loop(pull, sample))
        )
        times["skopeo inspect"].append(
            scale * ways.timed(lambda: _loop(inspect, urls))
        )
    for name in sample:
        _loop(["docker", "-H", env["LAB_DOCKER_HOST"], "rmi"], [name])
    return times


def _unchanged(ours: ways.Ours, number: int) -> float:
    seconds, counts = ours.sync()
    assert counts["unchanged"] == counts["total"] == number, counts
    return seconds


def _loop(command: list[str], names: list[str]) -> None:
    for name in names:
        subprocess.run(
            [*command, name], check=True, capture_output=True, env=os.environ
        )


def _heads(registry: str) -> None:
    connection = http.client.HTTPConnection(registry, timeout=60)
    for name in many.names():
        path = f"/v2/{name.replace(':', '/manifests/')}"
        connection.request("HEAD", path, headers={"Accept": images.MANIFEST})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, (name, answer.status)
        assert answer.headers["Docker-Content-Digest"], name
    connection.close()
