# SPDX-License-Identifier: Apache-2.0
"""``reposync-conductor``: does the work."""

import sys

from oslo_service import service as oslo_service

from reposync import service
from reposync.conductor import service as conductor_service


def main() -> int:
    """Run a conductor until it is told to stop."""
    conf = service.prepare(sys.argv[1:])
    launcher = oslo_service.launch(
        conf,
        conductor_service.ConductorService(conf),
        workers=1,
        restart_method="mutate",
    )
    return launcher.wait() or 0
