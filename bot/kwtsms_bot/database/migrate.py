"""The tables as this version wants them: brought up to date, or looked at without touching them.

Runs in the transaction of a connection that is handed to it.
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
    """How the tables of a database stand to this version."""

    CURRENT = "current"
    OLDER = "older"  # Or there are none yet: a start brings them up to date.
    NEWER = "newer"


def migrate(connection: Connection) -> None:
    """Under the write lock of the transaction that it runs in, so that one replica does it."""
    from alembic import command  # noqa: PLC0415 - needed once, and slow to load.
    from alembic.util import CommandError  # noqa: PLC0415

    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7766001)")
    settings = _settings()
    settings.attributes["connection"] = connection
    try:
        command.upgrade(settings, "head")
    except CommandError as error:  # It names a step that this version does not have.
        raise DatabaseError("a newer kwtsms-bridge has used it: run that version") from error


def schema_status(connection: Connection) -> SchemaStatus:
    """How the tables stand; nothing is changed."""
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
