# SPDX-License-Identifier: Apache-2.0
"""The virtual environment of Keystone and Glance."""

import hashlib
from pathlib import Path
import sys
import sysconfig

from lab import apt
from lab import server
from lab import state as lab_state

_REQUIREMENTS = Path(__file__).with_name("cloud-requirements.txt")


def make(state: lab_state.State) -> Path:
    """Install Keystone, Glance and uWSGI; returns the environment."""
    venv = state.path / "cloud-venv"
    wanted = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()
    if state.get("cloud-venv", str) == wanted and venv.exists():
        return venv
    missing = [] if _can_compile() else ["gcc", "libc6-dev", "python3-dev"]
    apt.install(missing)
    print("installing Keystone and Glance", flush=True)
    server.run([sys.executable, "-m", "venv", "--clear", str(venv)])
    pip = [str(venv / "bin/python"), "-m", "pip", "install", "-q"]
    server.run([*pip, "-r", str(_REQUIREMENTS)])
    state.put("cloud-venv", wanted)
    return venv


def _can_compile() -> bool:
    header = Path(sysconfig.get_path("include")) / "Python.h"
    return header.exists() and apt.shutil.which("gcc") is not None
