# SPDX-License-Identifier: Apache-2.0
"""``reposync-status``: tells whether the service is ready for an upgrade."""

from pathlib import Path
import sys

from oslo_config import cfg
from oslo_upgradecheck import common_checks
from oslo_upgradecheck import upgradecheck

from reposync import consistency
from reposync import exception
from reposync import service
from reposync.cmd import launch
from reposync.db import migration
from reposync.db import session


class Checks(upgradecheck.UpgradeCommands):
    """Looks at what an upgrade depends on."""

    def _check_tables(self) -> upgradecheck.Result:
        try:
            found = migration.version(session.Database(cfg.CONF))
        except exception.DatabaseUnavailable as error:
            return upgradecheck.Result(
                upgradecheck.Code.FAILURE, f"The database: {error.reason}"
            )
        newest = migration.newest()
        if found == newest:
            return upgradecheck.Result(upgradecheck.Code.SUCCESS)
        return upgradecheck.Result(
            upgradecheck.Code.FAILURE,
            f"The tables are at {found or 'none'}, this release needs "
            f"{newest}: run 'reposync-manage db sync'",
        )

    _upgrade_checks = (
        ("Tables", _check_tables),
        (
            "Policy file in JSON",
            (common_checks.check_policy_json, {"conf": cfg.CONF}),
        ),
    )


def main() -> int:
    """Run the checks; 0 success, 1 warning, 2 failure, 255 error."""
    try:
        consistency.check_files(sys.argv[1:], Path(sys.argv[0]).name)
    except consistency.BadConfiguration as error:
        launch.refuse(error)
    service.register_opts(cfg.CONF)
    return upgradecheck.main(
        cfg.CONF,
        project="reposync",
        upgrade_command=Checks(),
        argv=sys.argv[1:],
    )
