# SPDX-License-Identifier: Apache-2.0
"""``reposync-status``: what an upgrade depends on, and what is open."""

from pathlib import Path
import sys

from oslo_config import cfg
from oslo_upgradecheck import common_checks
from oslo_upgradecheck import upgradecheck

from reposync import checks
from reposync import consistency
from reposync import exception
from reposync import service
from reposync.cmd import launch
from reposync.db import migration
from reposync.db.connection import session


def _check_open(
    self: upgradecheck.UpgradeCommands, check: checks.Check
) -> upgradecheck.Result:
    """Look for something that is open and need not be."""
    try:
        problems = list(check(cfg.CONF))
    except Exception as error:  # noqa: BLE001 (the other checks go on)
        # Its text may have a value that is secret.
        return upgradecheck.Result(
            upgradecheck.Code.FAILURE,
            f"It cannot be looked at ({type(error).__name__}).",
        )
    if not problems:
        return upgradecheck.Result(upgradecheck.Code.SUCCESS)
    return upgradecheck.Result(upgradecheck.Code.WARNING, " ".join(problems))


class Checks(upgradecheck.UpgradeCommands):
    """Looks at what an upgrade depends on, and at what is open."""

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

    def _check_configuration(self) -> upgradecheck.Result:
        try:
            consistency.check(cfg.CONF)
        except consistency.BadConfiguration as error:
            return upgradecheck.Result(upgradecheck.Code.FAILURE, str(error))
        return upgradecheck.Result(upgradecheck.Code.SUCCESS)

    _upgrade_checks = (
        ("Configuration", _check_configuration),
        ("Tables", _check_tables),
        (
            "Policy file in JSON",
            (common_checks.check_policy_json, {"conf": cfg.CONF}),
        ),
        *(
            (name, (_check_open, {"check": check}))
            for name, check in checks.ALL
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
