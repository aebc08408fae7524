# SPDX-License-Identifier: Apache-2.0
"""Run by alembic, with the connection that `reposync.db.migration` gives."""

from alembic import context

from reposync.db import models

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=models.Base.metadata,
    # SQLite cannot alter tables; alembic copies them instead.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
