"""Schema migrations: brings the tables up to this version, or inspects them without changes.

Runs in the transaction of the caller's connection.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection

from kwtsms_bot.database.errors import DatabaseError

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).with_name("migrations")


class SchemaStatus(StrEnum):
    """Status of a database's tables, compared with this version."""

    CURRENT = "current"
    OLDER = "older"  # Or there are none yet: a start brings them up to date.
    NEWER = "newer"


def migrate(connection: Connection) -> None:
    """Migrates the tables, under a lock that lasts for the transaction: one replica does it."""
    from alembic import command  # noqa: PLC0415 - needed once, and slow to load.
    from alembic.util import CommandError  # noqa: PLC0415

    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7766001)")
    settings = _settings()
    settings.attributes["connection"] = connection
    try:
        command.upgrade(settings, "head")
    except CommandError as error:  # It has a revision that this version does not know.
        raise DatabaseError("a newer kwtsms-bridge has used it: run that version") from error


def schema_status(connection: Connection) -> SchemaStatus:
    """Returns the status of the tables; changes nothing."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - Slow to load.
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    steps = ScriptDirectory.from_config(_settings())
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision == steps.get_current_head():
        return SchemaStatus.CURRENT
    known = {step.revision for step in steps.walk_revisions()}
    return SchemaStatus.OLDER if revision is None or revision in known else SchemaStatus.NEWER


def _settings() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - Slow to load.

    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS))
    return settings
