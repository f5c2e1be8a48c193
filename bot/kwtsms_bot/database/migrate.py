"""Schema migrations: brings the tables up to this version, or inspects them without changes.

Runs in the transaction of the caller's connection.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect
from sqlalchemy.engine import Connection

from kwtsms_bot.database.errors import DatabaseError, DatabaseMisconfigured

if TYPE_CHECKING:
    from alembic.config import Config

OUR_TABLES = frozenset({"recipient", "job_slot"})  # In every version's tables.
MIGRATIONS = Path(__file__).with_name("migrations")


class SchemaStatus(StrEnum):
    """Status of a database's tables, compared with this version."""

    CURRENT = "current"
    OLDER = "older"  # Or there are none yet: a start brings them up to date.
    NEWER = "newer"
    FOREIGN = "foreign"  # Another program's migrations are recorded there.


REFUSALS = {
    SchemaStatus.NEWER: (
        "a newer kwtsms-bridge has used it",
        "Run that version, or restore an earlier backup (docs/operations.md).",
    ),
    SchemaStatus.FOREIGN: (
        "another program keeps its tables there",
        "Set outbox.database to a database of the bot's own.",
    ),
}


def migrate(connection: Connection) -> None:
    """Migrates the tables, under a lock that lasts for the transaction: one replica does it."""
    from alembic import command  # noqa: PLC0415 - needed once, and slow to load.
    from alembic.util import CommandError  # noqa: PLC0415

    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7766001)")
    settings = _settings()
    settings.attributes["connection"] = connection
    status = schema_status(connection)
    if status in REFUSALS:
        raise DatabaseMisconfigured(*REFUSALS[status])
    try:
        command.upgrade(settings, "head")
    except CommandError as error:
        raise DatabaseError(f"its tables can't be migrated ({type(error).__name__})") from error


def schema_status(connection: Connection) -> SchemaStatus:
    """Returns the status of the tables; changes nothing."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - Slow to load.
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    steps = ScriptDirectory.from_config(_settings())
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision == steps.get_current_head():
        return SchemaStatus.CURRENT
    known = {step.revision for step in steps.walk_revisions()}
    if revision is None or revision in known:
        return SchemaStatus.OLDER
    is_ours = set(inspect(connection).get_table_names()) >= OUR_TABLES
    return SchemaStatus.NEWER if is_ours else SchemaStatus.FOREIGN


def _settings() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - Slow to load.

    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS))
    return settings
