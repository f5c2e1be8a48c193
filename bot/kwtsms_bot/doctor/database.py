"""Where accepted messages are kept: whether this version can use it. Makes and changes nothing."""

import asyncio
from pathlib import Path

from kwtsms_bot.database import DatabaseError, DatabaseNotFound, SchemaStatus, inspect_schema
from kwtsms_bot.doctor import Finding, FindingLevel

CHECK = "Database"
SQLITE = "sqlite:///"
TIMEOUT_SECONDS = 15.0  # A little more than the bot itself may hold SQLite's lock.
FILE_REMEDY = "Check that its folder exists, that the disk has room, and who may write there."
SERVER_REMEDY = (
    "Check outbox.database: that PostgreSQL listens at that address and lets this machine in, that "
    "the database exists, and its user and password."
)
SCHEMA_TEXTS = {
    SchemaStatus.CURRENT: "its tables are up to date",
    SchemaStatus.OLDER: "the next start brings its tables up to date",
}


def remedy_for(url: str) -> str:
    """What to look at where the database of that kind cannot be used."""
    return FILE_REMEDY if url.startswith(SQLITE) else SERVER_REMEDY


def database_file(url: str) -> Path | None:
    """Where the database is, if it is a file; a relative path begins where one is."""
    return Path(url.removeprefix(SQLITE).partition("?")[0]) if url.startswith(SQLITE) else None


async def check(url: str) -> Finding:
    """Opens it as the bot would, without making it or bringing it up to date."""
    kind, remedy = url.partition(":")[0], remedy_for(url)
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            schema_status = await inspect_schema(url)
    except DatabaseNotFound as error:
        what = f"Not there yet ({error}): the first start makes it."
        remedy = "If the bot has run before, mend the path in outbox.database."
        return Finding(CHECK, FindingLevel.WARNING, what, remedy)
    except (DatabaseError, TimeoutError) as error:
        reason = str(error) or f"no answer within {TIMEOUT_SECONDS:.0f} s"
        return Finding(CHECK, FindingLevel.PROBLEM, f"It cannot be used ({reason}).", remedy)
    if schema_status is SchemaStatus.NEWER:
        remedy = "Run that version, or restore a back-up from before (docs/operations.md)."
        return Finding(CHECK, FindingLevel.PROBLEM, "A newer kwtsms-bridge has used it.", remedy)
    return Finding(CHECK, FindingLevel.OK, f"{kind}, and {SCHEMA_TEXTS[schema_status]}.")
