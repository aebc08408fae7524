# SPDX-License-Identifier: Apache-2.0
"""``reposync-conductor``: does the work."""

from reposync.cmd import launch
from reposync.conductor import service as conductor_service


def main() -> int:
    """Run a conductor until it is told to stop."""
    conf = launch.prepare()
    return launch.launch(conf, conductor_service.ConductorService(conf))
