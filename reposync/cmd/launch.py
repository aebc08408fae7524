# SPDX-License-Identifier: Apache-2.0
"""Runs a service in processes of its own, and reloads it in place."""

from pathlib import Path
import sys
from typing import Any
from typing import NoReturn

from oslo_config import cfg
from oslo_log import log
from oslo_service import opts as service_opts
from oslo_service import service as oslo_service

from reposync import conf as reposync_conf
from reposync import consistency
from reposync import plugins
from reposync import service
from reposync.cmd import reports

LOG = log.getLogger(__name__)


def prepare() -> cfg.ConfigOpts:
    """Read the configuration and start logging; end the program if it is bad.

    What is wrong is said in a line, and the status is 1.
    """
    try:
        return service.prepare(sys.argv[1:])
    except (cfg.Error, consistency.BadConfiguration) as error:
        refuse(error)


def try_plugins(conf: cfg.ConfigOpts) -> None:
    """Make driver and source once; they connect to nothing then.

    :raises ReposyncError: their options are bad
    """
    plugins.load_driver(conf)
    plugins.load_source(conf, conf.conductor.source)


def refuse(error: Exception) -> NoReturn:
    """End the program, because it must not start."""
    text = " ".join(str(error).split())
    sys.exit(f"{Path(sys.argv[0]).name}: {text}")


def launch(
    conf: cfg.ConfigOpts, served: oslo_service.Service, workers: int = 1
) -> int:
    """Run a service until it is told to stop.

    On SIGHUP the options that may change are read anew by every process,
    and the work goes on.  oslo.service would end the processes and start new
    ones, which breaks off what takes longer than the graceful shutdown.

    :param workers: number of processes
    :returns: the status to exit with
    """
    reports.setup(conf)
    reloadable = Reloadable(conf)
    launcher = oslo_service.launch(
        reloadable, served, workers=workers, restart_method="mutate"
    )

    def forked(service_id: Any, worker: int, wrapper: Any) -> None:
        reports.setup(conf)

        def reload() -> None:
            reloadable.mutate_config_files()
            # The process was given the old value when it was forked.
            timeout = conf.graceful_shutdown_timeout
            wrapper.graceful_shutdown_timeout = timeout
            served.reset()

        wrapper.reload = reload

    launcher._manager.register_hooks(on_new_worker=forked)
    return launcher.wait() or 0


class Reloadable:
    """The configuration, in the hands of what reloads it.

    A file that is not good changes nothing.
    """

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration."""
        self._conf = conf

    def __getattr__(self, name: str) -> Any:
        """Give what the configuration has."""
        return getattr(self._conf, name)

    def mutate_config_files(self) -> None:
        """Take over options that may change.

        oslo.config logs what changed, and what did but may not.
        """
        try:
            check(self._conf)
            self._conf.mutate_config_files()
        except (
            cfg.Error,
            consistency.BadConfiguration,
            ValueError,
            OSError,
        ) as error:
            LOG.error("The configuration was not reloaded: %s", error)
        else:
            LOG.info("The configuration was reloaded")


def check(conf: cfg.ConfigOpts) -> None:
    """Look whether the files hold good values of what may change.

    oslo.config itself would take over bad ones, and raise whenever one is
    needed from then on.

    :raises cfg.Error: they do not, or cannot be read
    :raises BadConfiguration: they contradict each other
    """
    fresh = cfg.ConfigOpts()
    reposync_conf.register_opts(fresh)
    service_opts.register_service_opts(fresh)
    fresh.register_opt(cfg.BoolOpt("debug"))
    fresh(
        [],
        project="reposync",
        default_config_files=conf.config_file,
        default_config_dirs=conf.config_dir,
    )
    for group, options in reposync_conf.list_opts():
        for option in options:
            if option.mutable:
                fresh[group.name][option.dest]
    for name in ("debug", "graceful_shutdown_timeout", "log_options"):
        fresh[name]
    consistency.check_pairs(fresh)
