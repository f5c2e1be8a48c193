"""Checks whether this version can use the database. Creates and changes nothing."""

import asyncio
from pathlib import Path

from kwtsms_bot.database import (
    DatabaseError,
    DatabaseMisconfigured,
    DatabaseNotFound,
    SchemaStatus,
    inspect_schema,
)
from kwtsms_bot.database.migrate import REFUSALS
from kwtsms_bot.doctor import Finding, FindingLevel

CHECK = "Database"
SQLITE = "sqlite:///"
TIMEOUT_SECONDS = 15.0  # A little more than the bot itself may hold SQLite's lock.
FILE_REMEDY = "Check that its folder exists, has free space and can be written to by the bot."
SERVER_REMEDY = (
    "Check the address, database name, user and password in outbox.database, and that "
    "PostgreSQL accepts connections from this machine."
)
SCHEMA_TEXTS = {
    SchemaStatus.CURRENT: "its tables are up to date",
    SchemaStatus.OLDER: "the next start updates its tables",
}


def remedy_for(url: str, error: Exception | None = None) -> str:
    """The remedy for a database of this kind that cannot be used because of `error`."""
    if isinstance(error, DatabaseMisconfigured):
        return error.remedy
    return FILE_REMEDY if url.startswith(SQLITE) else SERVER_REMEDY


def database_file(url: str) -> Path | None:
    """The path of an SQLite database, relative to the working directory; else None."""
    return Path(url.removeprefix(SQLITE).partition("?")[0]) if url.startswith(SQLITE) else None


async def check(url: str) -> Finding:
    """Opens the database as the bot would, without creating or migrating it."""
    kind = url.partition(":")[0]
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            schema_status = await inspect_schema(url)
    except DatabaseNotFound as error:
        what = f"Not created yet ({error}). The first start creates it."
        remedy = "If the bot has run before, fix the path in outbox.database."
        return Finding(CHECK, FindingLevel.WARNING, what, remedy)
    except (DatabaseError, TimeoutError) as error:
        reason = str(error) or f"no answer within {TIMEOUT_SECONDS:.0f} s"
        remedy = remedy_for(url, error)
        return Finding(CHECK, FindingLevel.PROBLEM, f"Can't be used ({reason}).", remedy)
    if schema_status in REFUSALS:
        what, remedy = REFUSALS[schema_status]
        return Finding(CHECK, FindingLevel.PROBLEM, f"{what[0].upper()}{what[1:]}.", remedy)
    return Finding(CHECK, FindingLevel.OK, f"{kind}, and {SCHEMA_TEXTS[schema_status]}.")
