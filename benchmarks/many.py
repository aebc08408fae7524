# SPDX-License-Identifier: Apache-2.0
"""A thousand small images that share a layer."""

from collections.abc import Iterator

import lab
from lab import images

REPOSITORY = "bench/many"
NUMBER = 1000
_VERSION = "1"


def names() -> Iterator[str]:
    """Give their names without the registry."""
    for number in range(NUMBER):
        yield f"{REPOSITORY}:{number:04d}"


def fill(registry: str) -> None:
    """Push all of them, unless they were pushed before."""
    state = lab.Lab.load().state
    if state.get("bench-many", str) == _VERSION:
        return
    print(f"pushing {NUMBER} images (once)", flush=True)
    layer = images.Layer.of_files({"bin/tool": b"#!/bin/sh\n" * 400})
    for name in names():
        repository, _, tag = name.partition(":")
        labels = {"number": tag}
        images.push_image(registry, repository, tag, [layer], labels=labels)
    state.put("bench-many", _VERSION)
