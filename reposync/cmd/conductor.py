# SPDX-License-Identifier: Apache-2.0
"""``reposync-conductor``: does the work."""

from reposync import exception
from reposync.cmd import launch
from reposync.conductor import service as conductor_service


def main() -> int:
    """Run a conductor until it is told to stop."""
    conf = launch.prepare()
    try:
        launch.try_plugins(conf)
    except exception.ReposyncError as error:
        launch.refuse(error)
    return launch.launch(conf, conductor_service.ConductorService(conf))
