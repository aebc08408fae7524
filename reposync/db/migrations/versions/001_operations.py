# SPDX-License-Identifier: Apache-2.0
"""The table of operations."""

from alembic import op
import sqlalchemy as sa

revision = "001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "operations",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reference", sa.String(512)),
        sa.Column("image_id", sa.String(255)),
        sa.Column("image_key", sa.String(64), nullable=False),
        sa.Column("pending_key", sa.String(64)),
        sa.Column("running_key", sa.String(64)),
        sa.Column("outcome", sa.String(16)),
        sa.Column("image", sa.Text),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("phase", sa.String(16)),
        sa.Column("bytes_done", sa.BigInteger, nullable=False),
        sa.Column("bytes_total", sa.BigInteger),
        sa.Column("error_code", sa.String(64)),
        sa.Column("error_message", sa.Text),
        sa.Column("owner", sa.String(255)),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("not_before", sa.BigInteger, nullable=False),
        sa.Column("coalesced", sa.Integer, nullable=False),
        sa.Column("cancel_requested", sa.Boolean, nullable=False),
        sa.Column("project_id", sa.String(64)),
        sa.Column("user_id", sa.String(64)),
        sa.Column("request_id", sa.String(64)),
        sa.Column(
            "parent_id",
            sa.String(36),
            sa.ForeignKey("operations.id", ondelete="CASCADE"),
        ),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("pending_key", name="uq_operations_pending_key"),
        sa.UniqueConstraint("running_key", name="uq_operations_running_key"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )
    for name, columns in {
        "queue": ["state", "not_before", "created_at"],
        "project": ["project_id", "created_at"],
        "parent": ["parent_id", "state"],
        "created": ["created_at"],
    }.items():
        op.create_index(f"ix_operations_{name}", "operations", columns)
