# SPDX-License-Identifier: Apache-2.0
"""Copies an image from a registry into Glance, in six ways."""

import contextlib
from pathlib import Path
import tempfile
from typing import Any

from benchmarks import large
from benchmarks import table
from benchmarks import watch
from benchmarks import ways

_OCI = "oci-archive"
#: The two that are close to each other are measured so often a round: timers
#: of a virtual machine make one and the same upload a tenth slower or faster.
_OFTEN = 3
_NOTES = {
    "registry": "PUT on the API to the end of the operation",
    "docker": "the same, through an engine",
    "docker pipeline": "docker pull; docker save | openstack image create",
    "skopeo pipeline": "skopeo copy; openstack image create --file",
    "skopeo oci": "the same as an oci-archive, which the engine cannot load",
    "limit": "the same bytes, one PUT to Glance",
}


def run(env: dict[str, str], rounds: int) -> dict[str, Any]:
    """Measure both images."""
    large.fill(env["LAB_REGISTRY"])
    with contextlib.ExitStack() as stack:
        registry = ways.Ours(env, "registry")
        stack.callback(registry.stop)
        docker = ways.Ours(env, "docker")
        stack.callback(docker.stop)
        seen = watch.Watch(registry.conductor, registry.log)
        stack.callback(seen.close)
        race = Race(env, registry, docker)
        race.warm_up()
        small = race.run(large.SMALL, rounds)
        found = race.run(large.LARGE, rounds)
        found |= {
            "conductor_peak_rss_mb": round(seen.peak_mb, 1),
            "scratch_bytes": seen.scratch,
            "small": small,
        }
        print(
            f"\nconductor with the source 'registry': {seen.peak_mb:.0f} MB "
            f"at most, {seen.scratch} bytes of scratch disk; skopeo's "
            f"archive: {race.tools.scratch} bytes"
        )
    return found


class Race:
    """Runs all ways in turn."""

    def __init__(
        self, env: dict[str, str], registry: ways.Ours, docker: ways.Ours
    ):
        self._host = env["LAB_REGISTRY"]
        self._registry, self._docker = registry, docker
        self.tools = ways.Tools(env)

    def warm_up(self) -> None:
        """Let everybody log in and connect once."""
        name = f"{self._host}/{large.SMALL}:{large.TAG}"
        for each in (self._registry, self._docker):
            each.copy(name)
        self.tools.docker(name)
        self.tools.skopeo(name)

    def run(self, repository: str, rounds: int) -> dict[str, Any]:
        """Measure one image; gives the figures by name."""
        name = f"{self._host}/{repository}:{large.TAG}"
        times: dict[str, list[float]] = {each: [] for each in _NOTES}
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "image.tar"
            size = ways.write_archive(name, path)
            for number in range(1, rounds + 1):
                print(f"{repository}, round {number}", flush=True)
                for each, work in (
                    *_OFTEN
                    * (
                        ("limit", lambda: self.tools.limit(path)),
                        ("registry", lambda: self._registry.copy(name)),
                    ),
                    ("docker", lambda: self._docker.copy(name)),
                    ("docker pipeline", lambda: self.tools.docker(name)),
                    ("skopeo pipeline", lambda: self.tools.skopeo(name)),
                    ("skopeo oci", lambda: self.tools.skopeo(name, _OCI)),
                ):
                    times[each].append(work())
        self._registry.forget(name)
        self._docker.forget(name)
        title = f"{repository}: an archive of {size / 1e6:.0f} MB"
        table.show(title, times, "limit", _NOTES)
        return table.figures(times, "registry", "limit") | {
            "archive_bytes": size
        }
