"""Alembic's entry: runs the versions on the connection that `database` passes."""

from alembic import context

from kwtsms_bot.database import tables  # noqa: F401 - Registers the tables with `metadata`.
from kwtsms_bot.database.column_types import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # The caller's transaction holds all of it.
)
context.run_migrations()
