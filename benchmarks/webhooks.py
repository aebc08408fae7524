# SPDX-License-Identifier: Apache-2.0
"""A storm of notifications while a copy runs, beside the least there is."""

from collections.abc import Callable
import io
import os
import tarfile
import threading
import time
from typing import Any

import requests

from benchmarks import many
from benchmarks import site as bench_site
from benchmarks import storm
from benchmarks import table
import lab
from lab import images
from tests.fixtures import wait

_HOT = "bench/hot"
_TAG = "latest"
#: Bytes of the image that is copied meanwhile.
_SIZE = 512 * 1024 * 1024
#: So many of the many tags move during the storm.
_MOVED = 20
_SMALL = images.Layer.of_files({"bin/tool": b"#!/bin/sh\n"})
_NOTES = {
    "limit": "a Pecan application that answers 202 and nothing else",
    "one tag": "all of one tag, which moves once meanwhile",
    "many tags": f"of {many.NUMBER} tags, {_MOVED} of which move meanwhile",
}


def run(env: dict[str, str], rounds: int) -> dict[str, Any]:
    """Send three storms a round: limit, one tag, many tags."""
    many.fill(env["LAB_REGISTRY"])
    site = bench_site.Site(env)
    try:
        trial = Trial(env["LAB_REGISTRY"], site)
        found = [trial.round(number) for number in range(1, rounds + 1)]
        settings = site.settings()
    finally:
        site.stop()
    _show(found, settings)
    return _figures(found) | {"postgresql": settings}


class Trial:
    """Sends the storms."""

    def __init__(self, registry: str, site: bench_site.Site):
        self._registry = registry
        self._site = site
        self._layer = _layer()
        self._moves = 0

    def round(self, number: int) -> dict[str, Any]:
        """Send each of the storms once."""
        found = {}
        for name, work in (
            ("limit", self._limit),
            ("one tag", self._one_tag),
            ("many tags", self._many_tags),
        ):
            print(f"round {number}: {name}", flush=True)
            found[name] = work()
            print(f"  {found[name]}", flush=True)
            self._site.idle()
            for image in (_HOT, many.REPOSITORY):
                self._site.forget(image)
        return found

    def _limit(self) -> dict[str, Any]:
        self._push(_HOT, _TAG)
        self._copy()
        return storm.send(self._site.bare.url, _HOT, 1, _TAG)

    def _one_tag(self) -> dict[str, Any]:
        self._push(_HOT, _TAG)
        found = self._storm(_HOT, 1, [_TAG])
        found["stale"] = self._stale(_HOT, [_TAG])
        return found

    def _many_tags(self) -> dict[str, Any]:
        self._push(_HOT, _TAG)
        self._copy()
        tags = [name.partition(":")[2] for name in many.names()]
        found = self._storm(many.REPOSITORY, len(tags), tags[:_MOVED])
        found["stale"] = self._stale(many.REPOSITORY, tags)
        return found

    def _copy(self) -> None:
        """Have a large image copied, and wait until that has begun."""
        site = self._site
        operation = site.caller.pull(_HOT, _TAG)
        wait.until(
            lambda: site.caller.operation(operation["id"])["progress"][
                "phase"
            ],
            "the begin of a copy",
        )

    def _storm(self, name: str, tags: int, moved: list[str]) -> dict[str, Any]:
        """Send one storm, and wait until all it asked for is done."""
        before = self._site.counts(name)
        mover = Mover(lambda: [self._push(name, tag) for tag in moved])
        found = storm.send(self._site.ours.url, name, tags, _TAG)
        begun = time.monotonic() - found["seconds"]
        last = begun + found["seconds"] * (1 - tags / storm.NUMBER)
        assert mover.ended() < last, "tags moved after the last word of them"
        self._site.idle()
        after = self._site.counts(name)
        made = {key: after[key] - before[key] for key in after}
        found |= {key: made[key] for key in ("operations", "copies")}
        found["lost"] = found["accepted"] - made["noted"]
        found["failed"] = made["failed"]
        found["done_after_s"] = round(time.monotonic() - begun, 1)
        found["peak_mb"] = self._site.memory()
        return found

    def _push(self, name: str, tag: str) -> None:
        """Push an image that is a new one each time."""
        self._moves += 1
        layer = self._layer if name == _HOT else _SMALL
        images.push_image(
            self._registry,
            name,
            tag,
            [layer],
            labels={"move": f"{self._moves} {time.time_ns()}"},
        )

    def _stale(self, name: str, tags: list[str]) -> int:
        """Count the tags whose image is not what the registry holds."""
        kept: dict[str, list[str]] = {}
        for image in self._site.cloud.visible(name):
            found = image.properties
            kept.setdefault(found["docker_tag"], []).append(
                found["docker_digest"]
            )
        return sum(
            kept.get(tag) != [_digest(self._registry, name, tag)]
            for tag in tags
        )


class Mover:
    """Pushes tags anew in a thread, from now on."""

    def __init__(self, work: Callable[[], object]):
        self._ended = 0.0

        def run() -> None:
            work()
            self._ended = time.monotonic()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def ended(self) -> float:
        """Wait for the end; tells when it was."""
        self._thread.join()
        return self._ended


def _layer() -> images.Layer:
    """Make a layer that cannot be compressed, the same for all rounds."""
    state = lab.Lab.load().state
    path = state.directory("bench") / "hot.tar"
    if not path.exists():
        member = tarfile.TarInfo("data")
        member.size = _SIZE
        with tarfile.open(path, "w") as tar:
            tar.addfile(member, io.BytesIO(os.urandom(_SIZE)))
    data = path.read_bytes()
    return images.Layer(data, images.digest_of(data), None)


def _digest(registry: str, name: str, tag: str) -> str:
    """Ask the registry what a tag points at."""
    answer = requests.head(
        f"http://{registry}/v2/{name}/manifests/{tag}",
        headers={"Accept": images.MANIFEST},
        timeout=60,
    )
    answer.raise_for_status()
    return answer.headers["Docker-Content-Digest"]


def _show(found: list[dict[str, Any]], settings: dict[str, str]) -> None:
    title = (
        f"{storm.NUMBER} notifications at {storm.CONNECTIONS} connections, "
        "while a copy runs"
    )
    times = {
        name: [each[name]["seconds"] for each in found] for name in _NOTES
    }
    table.show(title, times, "limit", _NOTES)
    print(f"PostgreSQL: {settings}")


def _figures(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the figures of the worst round, and of its worse storm."""

    def ratio(each: dict[str, Any], name: str) -> float:
        limit = each["limit"]["accepted_per_s"]
        return round(limit / each[name]["accepted_per_s"], 2)

    storms = ("one tag", "many tags")
    for each in found:
        for name in storms:
            each[name]["limit_over_accepted"] = ratio(each, name)
    worst = max(
        found, key=lambda each: max(ratio(each, name) for name in storms)
    )
    both = [worst[name] for name in storms]
    return {
        "accepted_per_s": min(each["accepted_per_s"] for each in both),
        "p99_ms": max(each["p99_ms"] for each in both),
        "errors": sum(each["errors"] for each in both),
        "operations": worst["one tag"]["operations"],
        "copies": worst["one tag"]["copies"],
        "limit_per_s": worst["limit"]["accepted_per_s"],
        "limit_over_accepted": max(
            each["limit_over_accepted"] for each in both
        ),
        "lost": sum(abs(each["lost"]) for each in both),
        "stale": sum(each["stale"] for each in both),
        "one_tag": worst["one tag"],
        "many_tags": worst["many tags"],
        "limit": worst["limit"],
    }
