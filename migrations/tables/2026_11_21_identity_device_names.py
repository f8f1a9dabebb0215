"""A branch's devices are told apart by name: among those in use no name is there twice."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_identity_device_names"
down_revision = "2026_11_21_identity_accounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE devices SET name = name || ' ' || id WHERE active AND EXISTS ("
        "SELECT 1 FROM devices AS other WHERE other.active AND other.branch_id = devices.branch_id"
        " AND other.name = devices.name AND other.id < devices.id)"
    )
    active = sa.text("active")
    op.create_index(
        "ix_devices_branch_id_name",
        "devices",
        ["branch_id", "name"],
        unique=True,
        sqlite_where=active,
        postgresql_where=active,
    )


def downgrade() -> None:
    op.drop_index("ix_devices_branch_id_name", "devices")  # a name that was made unique stays so
