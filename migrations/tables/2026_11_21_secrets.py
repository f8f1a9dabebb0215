"""The secrets behind visitors' links."""

import sqlalchemy as sa
from alembic import op

from queue_service.infra.database import Moment

revision = "2026_11_21_secrets"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "secrets",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("secrets")
