"""Alembic's entry: runs the migrations of one tree on the connection that `queue_service.infra.migrate` hands over.

Two trees, each with its own version table: `journal/` (file `journal.db`, schema `journal`) and `tables/` (file
`tables.db`, schema `tables`). How to add a migration:

- one file `<tree>/<date>_<feature>_<what>.py`, for example `tables/2026_11_21_identity_staff.py`, written by hand:

      revision = "2026_11_21_identity_staff"      the file's name
      down_revision = None                        the feature's former migration; None for its first
      branch_labels = None
      depends_on = None                           another feature's revision, where a foreign key needs its tables
      def upgrade() -> None: op.create_table(...)
      def downgrade() -> None: op.drop_table(...)

- a feature is a chain of its own, so that two features never wait for each other;
- names of constraints come from the naming convention of `infra.database.metadata` (`op` knows it); no schema in names;
- what works on SQLite and PostgreSQL alike, and on SQLite in one transaction;
- the way down leaves what the release before knew as it was, with its rows: a column that a newer release added goes,
  one that it dropped comes back filled; `queue-service migrate --to-release` tells what goes before it does it;
- `releases.json` has what each release is at: put the new migration in the present release's place;
- a released migration is never changed.
"""

from alembic import context

from queue_service.infra.database import metadata

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema=context.config.attributes["schema"],
    target_metadata=metadata,
    transactional_ddl=True,  # also on SQLite: all of it happens or nothing
)
with context.begin_transaction():
    context.run_migrations()
