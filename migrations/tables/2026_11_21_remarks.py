"""What staff wrote about a ticket."""

import sqlalchemy as sa
from alembic import op

from queue_service.infra.database import Moment

revision = "2026_11_21_remarks"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "remarks",
        sa.Column("branch_id", sa.Text, primary_key=True),
        sa.Column("business_on", sa.Date, primary_key=True),
        sa.Column("ticket", sa.Text, primary_key=True),
        sa.Column("at", Moment(), primary_key=True),
        sa.Column("actor", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_index("ix_remarks_at", "remarks", ["at"])


def downgrade() -> None:
    op.drop_table("remarks")
