# SPDX-License-Identifier: Apache-2.0
"""Brings the tables up to date."""

from alembic import autogenerate
from alembic import command
from alembic import config as alembic_config
from alembic import script
from alembic.runtime import migration
from sqlalchemy import engine as sa_engine

from reposync import exception
from reposync.db import models
from reposync.db.connection import session


def sync(db: session.Database, revision: str = "head") -> None:
    """Take all steps up to a revision that were not taken yet.

    :param revision: a revision's name, or ``head`` for the newest
    :raises DatabaseUnavailable: it cannot be reached, or is not set up
    :raises InvalidRequest: the tables are those of a newer release
    """
    config = _config()
    with db.explained(), db.engine.begin() as connection:
        _refuse_newer(connection, config)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def version(db: session.Database) -> str | None:
    """Tell the revision of the tables; None if there are none yet.

    :raises DatabaseUnavailable: it cannot be reached, or is not set up
    """
    with db.explained(), db.engine.connect() as connection:
        context = migration.MigrationContext.configure(connection)
        return context.get_current_revision()


def newest() -> str | None:
    """Tell the newest revision this release knows."""
    return script.ScriptDirectory.from_config(_config()).get_current_head()


def _refuse_newer(
    connection: sa_engine.Connection, config: alembic_config.Config
) -> None:
    context = migration.MigrationContext.configure(connection)
    found = context.get_current_revision()
    scripts = script.ScriptDirectory.from_config(config)
    known = {each.revision for each in scripts.walk_revisions()}
    if found is not None and found not in known:
        raise exception.InvalidRequest(
            f"The tables are at revision {found}, which this release does "
            f"not know; its newest is {scripts.get_current_head()}. They "
            "belong to a newer release: install that"
        )


def _config() -> alembic_config.Config:
    config = alembic_config.Config()
    config.set_main_option("script_location", "reposync.db:migrations")
    return config


def differences(db: session.Database) -> list[object]:
    """Compare the tables with what this release expects.

    :returns: alembic's descriptions of what differs; empty if nothing does
    """
    with db.engine.connect() as connection:
        context = migration.MigrationContext.configure(connection)
        return list(
            autogenerate.compare_metadata(context, models.Base.metadata)
        )
