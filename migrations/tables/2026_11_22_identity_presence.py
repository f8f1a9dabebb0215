"""Which kiosks are connected, and to which process."""

import sqlalchemy as sa
from alembic import op

from queue_service.infra.database import Moment

revision = "2026_11_22_identity_presence"
down_revision = "2026_11_21_identity_device_names"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "presence",
        sa.Column("branch_id", sa.String, primary_key=True),
        sa.Column("device_id", sa.String, primary_key=True),
        sa.Column("process", sa.String, primary_key=True),
        sa.Column("seen_at", Moment(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("presence")
