# SPDX-License-Identifier: Apache-2.0
"""Lanes, which take turns when operations are claimed.

What waits already, and what an older release writes while it still runs, is
in the lane without a name.
"""

from alembic import op
import sqlalchemy as sa

revision = "007"
down_revision = "006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.add_column(
        "operations",
        sa.Column("lane", sa.String(32), nullable=False, server_default=""),
    )
    op.create_index(
        "ix_operations_lane", "operations", ["state", "lane", "not_before"]
    )
