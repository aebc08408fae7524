# SPDX-License-Identifier: Apache-2.0
"""Guru Meditation Reports: what a process is at, told on a signal.

A report has the version, the stack of each thread and the configuration, in
which options that are secret are masked.
"""

import os
from pathlib import Path
import sys

from oslo_config import cfg
from oslo_log import log
from oslo_reports import guru_meditation_report as gmr

from reposync import version

LOG = log.getLogger(__name__)


class _Version:
    """What a report asks for, as oslo.reports names it."""

    def vendor_string(self) -> str:
        return "reposync developers"

    def product_string(self) -> str:
        return "reposync"

    def version_string_with_package(self) -> str:
        return version.release()


def setup(conf: cfg.ConfigOpts, *, signal: bool = True) -> None:
    """Make this process report on SIGUSR2, or on a change of a file.

    To be called once more after a fork: threads stay behind.

    :param signal: False where another program has the signals
    """
    try:
        gmr.TextGuruMeditation.setup_autorun(
            _Version(),
            # The id keeps those of one second apart.
            service_name=f"{Path(sys.argv[0]).name}-{os.getpid()}",
            conf=conf,
            setup_signal=signal,
        )
    except OSError as error:
        LOG.error(
            "There will be no reports, because [oslo_reports] "
            "file_event_handler names a file that cannot be read: %s",
            error,
        )
