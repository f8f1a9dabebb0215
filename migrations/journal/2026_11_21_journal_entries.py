"""Entries, the keys of the last days, and when each day wants to be woken.

Events and answers are bytes, not `jsonb` or text: the server neither parses nor re-encodes what only the service reads.
Entries are never updated or deleted; what may be (keys, due times) lives beside them. No trigger is on the hot path.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_journal_entries"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # ids are compared as bytes
DAY = sa.Date().with_variant(sa.Text(), "sqlite")  # ISO 8601
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")  # microseconds of Unix time


def upgrade() -> None:
    op.create_table(
        "entries",
        sa.Column("branch_id", TEXT, primary_key=True),
        sa.Column("business_on", DAY, primary_key=True),
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("key", TEXT),
        sa.Column("fingerprint", sa.LargeBinary()),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("events", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary()),
        sqlite_strict=True,
    )
    first = sa.text("seq = 1")
    op.create_index(
        "ix_entries_days", "entries", ["branch_id", "business_on"], sqlite_where=first, postgresql_where=first
    )
    op.create_table(
        "keys",
        sa.Column("branch_id", TEXT, primary_key=True),
        sa.Column("actor", TEXT, primary_key=True),
        sa.Column("key", TEXT, primary_key=True),
        sa.Column("business_on", DAY, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_keys_at", "keys", ["at"])
    op.create_table(
        "dues",
        sa.Column("branch_id", TEXT, primary_key=True),
        sa.Column("business_on", DAY, primary_key=True),
        sa.Column("due_at", MOMENT, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_dues_due_at", "dues", ["due_at"])


def downgrade() -> None:
    for table in ("dues", "keys", "entries"):
        op.drop_table(table)
