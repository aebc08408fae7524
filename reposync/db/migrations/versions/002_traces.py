# SPDX-License-Identifier: Apache-2.0
"""What attempts have begun, so that it can be removed if they die."""

from alembic import op
import sqlalchemy as sa

revision = "002"
down_revision = "001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "traces",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("operation_id", sa.String(36), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("image_key", sa.String(64), nullable=False),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("host", sa.String(255)),
        sa.Column("name", sa.String(1024), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )
    op.create_index("ix_traces_image", "traces", ["image_key"])
    op.create_index(
        "ix_traces_operation", "traces", ["operation_id", "attempt"]
    )
