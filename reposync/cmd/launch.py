# SPDX-License-Identifier: Apache-2.0
"""Runs a service in processes of its own, and reloads it in place."""

from typing import Any

import cotyledon
from oslo_config import cfg
from oslo_log import log
from oslo_service import service as oslo_service

from reposync.cmd import reports

LOG = log.getLogger(__name__)


def launch(
    conf: cfg.ConfigOpts, service: oslo_service.Service, workers: int = 1
) -> int:
    """Run a service until it is told to stop.

    On SIGHUP the options that may change are read anew by every process,
    and the work goes on: oslo.service would end the processes and start new
    ones, which breaks off what takes longer than the graceful shutdown.

    :param workers: number of processes
    :returns: the status to exit with
    """
    reports.setup(conf)
    launcher = oslo_service.launch(
        conf, service, workers=workers, restart_method="mutate"
    )

    def forked(service_id: Any, worker: int, wrapper: Any) -> None:
        reports.setup(conf)
        wrapper.reload = lambda: reload(conf, wrapper)

    launcher._manager.register_hooks(on_new_worker=forked)
    return launcher.wait() or 0


def reload(conf: cfg.ConfigOpts, wrapper: cotyledon.Service) -> None:
    """Take over changed options; a bad file changes nothing.

    oslo.config logs what changed, and what did but may not.
    """
    try:
        conf.mutate_config_files()
    except Exception as error:  # noqa: BLE001 (a bad file must not end it)
        LOG.error("The configuration was not reloaded: %s", error)
        return
    # The process was given the old value when it was forked.
    wrapper.graceful_shutdown_timeout = conf.graceful_shutdown_timeout
    LOG.info("The configuration was reloaded")
