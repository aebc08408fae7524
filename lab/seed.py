# SPDX-License-Identifier: Apache-2.0
"""The images the lab's registry begins with, made of Debian's packages."""

import os
from pathlib import Path
import shutil
import tempfile

from lab import images
from lab import server
from lab import state as lab_state

#: Bump it when the images below change.
_VERSION = "1"
_LABELS = {
    "eu.indigo-datacloud.type": "linux",
    "eu.indigo-datacloud.architecture": "x86_64",
    "eu.indigo-datacloud.distribution": "debian",
    "eu.indigo-datacloud.version": "12",
}
_DOWNLOAD = ("apt-get", "download", "-o", "APT::Sandbox::User=root")
#: One layer each.
_TOOLS = (
    ("busybox-static", "libc6", "libc-bin"),
    ("perl-base", "perl-modules-5.36"),
    ("gcc-12", "cpp-12"),
    ("libllvm14",),
    ("git", "vim-runtime"),
    ("openjdk-17-jre-headless",),
)


def fill(state: lab_state.State, registry: str) -> None:
    """Push the images, unless they were pushed before."""
    if state.get("seeded", str) == _VERSION:
        return
    print("seeding the registry", flush=True)
    busybox = layer(("busybox-static",))
    extra = images.Layer.of_files({"etc/motd": b"extra\n"})
    images.push_image(registry, "demo/busybox", "latest", [busybox])
    images.push_image(registry, "demo/busybox", "1.36-extra", [busybox, extra])
    images.push_image(
        registry,
        "demo/debian-tools",
        "12",
        [layer(packages) for packages in _TOOLS],
        labels=_LABELS,
    )
    platforms = {}
    for platform in ("linux/amd64", "linux/arm64/v8"):
        _, architecture, *variant = platform.split("/")
        platforms[platform] = images.push_image(
            registry,
            "demo/multi",
            architecture,
            {"etc/platform": platform.encode()},
            architecture=architecture,
            variant=variant[0] if variant else None,
        )
    images.push_index(registry, "demo/multi", "latest", platforms)
    state.put("seeded", _VERSION)


def layer(packages: tuple[str, ...]) -> images.Layer:
    """Make a layer of what packages install."""
    with tempfile.TemporaryDirectory() as directory:
        for package in packages:
            server.run(["dpkg-deb", "-x", str(_fetch(package)), directory])
        return images.Layer.of_directory(Path(directory))


def _fetch(package: str) -> Path:
    """Download a package; kept for the next lab on this machine."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    cache = Path(home) / "reposync-lab"
    cache.mkdir(parents=True, exist_ok=True)
    found = sorted(cache.glob(f"{package}_*.deb"))
    if not found:
        with tempfile.TemporaryDirectory(dir=cache) as directory:
            # apt's own account cannot write below a closed home.
            server.run(
                [*_DOWNLOAD, package],
                cwd=directory,
            )
            for path in Path(directory).iterdir():
                shutil.move(path, cache / path.name)
        found = sorted(cache.glob(f"{package}_*.deb"))
    return found[-1]
