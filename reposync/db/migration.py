# SPDX-License-Identifier: Apache-2.0
"""Brings the tables up to date."""

from alembic import autogenerate
from alembic import command
from alembic import config as alembic_config
from alembic import script
from alembic.runtime import migration

from reposync.db import models
from reposync.db import session


def sync(db: session.Database, revision: str = "head") -> None:
    """Take all steps up to a revision that were not taken yet.

    :param revision: a revision's name, or ``head`` for the newest
    """
    config = _config()
    with db.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def version(db: session.Database) -> str | None:
    """Tell the revision of the tables; None if there are none yet."""
    with db.engine.connect() as connection:
        context = migration.MigrationContext.configure(connection)
        return context.get_current_revision()


def newest() -> str | None:
    """Tell the newest revision this release knows."""
    return script.ScriptDirectory.from_config(_config()).get_current_head()


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
