# SPDX-License-Identifier: Apache-2.0
"""What webhooks announce, and which operation a delivery belongs to.

Deliveries that are there already belong to no operation anybody knows, so
they count anew if they come again.
"""

from alembic import op
import sqlalchemy as sa

revision = "004"
down_revision = "003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.add_column("operations", sa.Column("announced_digest", sa.String(160)))
    op.add_column("operations", sa.Column("settle_until", sa.BigInteger))
    op.add_column("deliveries", sa.Column("operation_id", sa.String(36)))
