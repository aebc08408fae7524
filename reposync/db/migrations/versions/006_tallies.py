# SPDX-License-Identifier: Apache-2.0
"""How many events of webhooks came to what."""

from alembic import op
import sqlalchemy as sa

revision = "006"
down_revision = "005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "webhook_tallies",
        sa.Column("receiver", sa.String(64), primary_key=True),
        sa.Column("result", sa.String(32), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )
