# SPDX-License-Identifier: Apache-2.0
"""The images that are copied, made of Debian's packages."""

import lab
from lab import images
from lab import seed

LARGE = "bench/large"
SMALL = "bench/small"
TAG = "1"
#: One layer each: some 650 MB compressed, 2 GB unpacked.
_LAYERS = (
    ("libllvm14", "llvm-14-dev", "llvm-14"),
    ("openjdk-17-jdk-headless", "openjdk-17-jre-headless"),
    ("golang-1.19-go", "golang-1.19-src"),
    ("chromium", "libwebkit2gtk-4.1-0"),
    ("firefox-esr", "libstd-rust-dev"),
)
_VERSION = "1"


def fill(registry: str) -> None:
    """Push both images, unless they were pushed before."""
    state = lab.Lab.load().state
    if state.get("bench-images", str) == _VERSION:
        return
    print("making the images (once, some minutes)", flush=True)
    layers = [seed.layer(packages) for packages in _LAYERS]
    images.push_image(registry, LARGE, TAG, layers)
    small = seed.layer(("busybox-static",)), seed.layer(("libc-bin",))
    images.push_image(registry, SMALL, TAG, small)
    state.put("bench-images", _VERSION)
