"""The state of a day in the middle of it, so that whoever loads it need not begin at its first entry.

A cache: one row for a day, replaced as the day goes on, worthless to a release with other rules. Without it all is as
before, and slower.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_journal_snapshots"
down_revision = "2026_11_21_journal_entries"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # ids are compared as bytes
DAY = sa.Date().with_variant(sa.Text(), "sqlite")  # ISO 8601
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")  # microseconds of Unix time


def upgrade() -> None:
    op.create_table(
        "snapshots",
        sa.Column("branch_id", TEXT, primary_key=True),
        sa.Column("business_on", DAY, primary_key=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("rules", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("snapshots")
