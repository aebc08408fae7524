# SPDX-License-Identifier: Apache-2.0
"""``reposync-manage``: what an administrator does by hand."""

import sys
from typing import Any

from oslo_config import cfg

from reposync import exception
from reposync import service
from reposync.db import migration
from reposync.db import session


def db_sync(conf: cfg.ConfigOpts) -> None:
    """Bring the tables up to date."""
    db = session.Database(conf)
    before = migration.version(db)
    migration.sync(db)
    after = migration.version(db)
    print(f"Tables: {before or 'none'} -> {after}")  # noqa: T201


def db_version(conf: cfg.ConfigOpts) -> None:
    """Tell the revision of the tables, and the newest this release knows."""
    found = migration.version(session.Database(conf))
    print(f"{found or 'none'} (newest: {migration.newest()})")  # noqa: T201


_COMMANDS = {("db", "sync"): db_sync, ("db", "version"): db_version}


def _add_commands(subparsers: Any) -> None:
    parser = subparsers.add_parser("db", help="the tables of the database")
    actions = parser.add_subparsers(dest="action", required=True)
    for (_, action), command in _COMMANDS.items():
        actions.add_parser(action, help=command.__doc__)


def main() -> int:
    """Run one command; 0 if it worked, 1 if not."""
    cfg.CONF.register_cli_opt(
        cfg.SubCommandOpt("command", title="Commands", handler=_add_commands)
    )
    conf = service.prepare(sys.argv[1:])
    try:
        _COMMANDS[conf.command.name, conf.command.action](conf)
    except exception.ReposyncError as error:
        print(f"reposync-manage: {error.message}", file=sys.stderr)  # noqa: T201
        return 1
    return 0
