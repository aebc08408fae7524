# SPDX-License-Identifier: Apache-2.0
"""``reposync-manage``: what an administrator does by hand."""

from typing import Any

from oslo_config import cfg

from reposync import exception
from reposync.cmd import launch
from reposync.db import deployment
from reposync.db import migration
from reposync.db.connection import session
from reposync.db.queue import retention


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


def db_purge(conf: cfg.ConfigOpts) -> None:
    """Delete operations that ended long ago, as conductors do."""
    days = conf.command.older_than
    seconds = conf.conductor.retention if days is None else days * 24 * 3600
    if days is None and not seconds:
        raise exception.InvalidRequest(
            "[conductor] retention keeps operations for ever. Name an age "
            "with --older-than"
        )
    db = session.Database(conf)
    if conf.command.dry_run:
        number = retention.count(db, seconds)
        print(f"Operations to be purged: {number}")  # noqa: T201
        return
    purged = 0
    while done := retention.purge(db, seconds, _BATCH):
        purged += done
    print(f"Operations purged: {purged}")  # noqa: T201


def db_rename(conf: cfg.ConfigOpts) -> None:
    """Give a copied database a name of its own on the message bus.

    The services of the copy have to be restarted.
    """
    print(f"Deployment: {deployment.renew(session.Database(conf))}")  # noqa: T201


def _days(text: str) -> float:
    days = float(text)
    if not 0 <= days < float("inf"):
        raise ValueError
    return days


_BATCH = 500
_COMMANDS = {
    ("db", "sync"): db_sync,
    ("db", "version"): db_version,
    ("db", "purge"): db_purge,
    ("db", "rename"): db_rename,
}


def _explained(
    conf: cfg.ConfigOpts, error: exception.ReposyncError
) -> Exception:
    """Say why, and where the configuration was read."""
    reason = getattr(error, "reason", "")
    text = f"The database: {reason}" if reason else error.message
    if not conf.config_file:
        text += ". No configuration file was found; --config-file names one"
    return Exception(text)


def _add_commands(subparsers: Any) -> None:
    parser = subparsers.add_parser("db", help="the tables of the database")
    actions = parser.add_subparsers(dest="action", required=True)
    for (_, action), command in _COMMANDS.items():
        made = actions.add_parser(action, help=command.__doc__)
        if command is db_purge:
            made.add_argument(
                "--older-than",
                type=_days,
                metavar="DAYS",
                help="since their end; default: [conductor] retention",
            )
            made.add_argument(
                "--dry-run",
                action="store_true",
                help="only tell how many there are",
            )


def main() -> int:
    """Run one command; 0 if it worked, 1 if not."""
    cfg.CONF.register_cli_opt(
        cfg.SubCommandOpt("command", title="Commands", handler=_add_commands)
    )
    conf = launch.prepare()
    try:
        _COMMANDS[conf.command.name, conf.command.action](conf)
    except exception.ReposyncError as error:
        launch.refuse(_explained(conf, error))
    return 0
