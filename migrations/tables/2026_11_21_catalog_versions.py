"""Every published version of every branch's catalogue."""

import sqlalchemy as sa
from alembic import op

from queue_service.infra.database import Moment

revision = "2026_11_21_catalog_versions"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalog",
        sa.Column("branch_id", sa.String, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("published_at", Moment(), nullable=False),
        sa.Column("published_by", sa.String, nullable=False),
        sa.Column("terms", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("catalog")
