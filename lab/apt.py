# SPDX-License-Identifier: Apache-2.0
"""Installs Debian packages without starting the services in them."""

import contextlib
import os
from pathlib import Path
import shutil
import subprocess

from lab import server

_INSTALL = ("apt-get", "install", "-y", "-q", "--no-install-recommends")
_POLICY = Path("/usr/sbin/policy-rc.d")


def install(packages: list[str]) -> None:
    """Install what is missing.

    :raises LabError: not root, no apt, or it failed
    """
    missing = [name for name in packages if not installed(name)]
    if not missing:
        return
    names = " ".join(missing)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise server.LabError(
            f"these Debian packages are missing: {names}. "
            "The lab installs them itself when it runs as root on Debian"
        )
    print(f"installing {names}", flush=True)
    env = server.clean_environment() | {"DEBIAN_FRONTEND": "noninteractive"}
    with _services_kept_down():
        server.run(["apt-get", "update", "-q"], env=env)
        server.run(
            [*_INSTALL, *missing],
            env=env,
        )


def installed(package: str) -> bool:
    """Tell whether a package is installed."""
    found = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout == "installed"


@contextlib.contextmanager
def _services_kept_down():  # type: ignore[no-untyped-def]
    # Installing a server starts it, unless this file says no.
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
