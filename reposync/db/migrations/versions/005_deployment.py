# SPDX-License-Identifier: Apache-2.0
"""The name of the deployment, and signs of life of its conductors."""

import uuid

from alembic import op
import sqlalchemy as sa

revision = "005"
down_revision = "004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    deployment = op.create_table(
        "deployment",
        sa.Column("id", sa.String(32), primary_key=True),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )
    op.bulk_insert(deployment, [{"id": uuid.uuid4().hex}])
    op.create_table(
        "conductors",
        sa.Column("id", sa.String(255), primary_key=True),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("stopped", sa.Boolean, nullable=False),
        sa.Column("problems", sa.Text),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )
