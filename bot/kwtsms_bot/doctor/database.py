"""Where accepted messages are kept: whether this version can use it. Makes and changes nothing."""

import asyncio
from pathlib import Path

from kwtsms_bot.database import DatabaseTrouble, NotThere, Standing, look_at
from kwtsms_bot.doctor.finding import Finding, Level

CHECK = "Database"
SQLITE = "sqlite:///"
PATIENCE_SECONDS = 15.0  # A little more than the bot itself may hold SQLite's lock.
FILE = "Check that its folder exists, that the disk has room, and who may write there."
SERVER = (
    "Check outbox.database: that PostgreSQL listens at that address and lets this machine in, that "
    "the database exists, and its user and password."
)
SAID = {
    Standing.CURRENT: "its tables are up to date",
    Standing.OLDER: "the next start brings its tables up to date",
}


def remedy_for(url: str) -> str:
    """What to look at where the database of that kind cannot be used."""
    return FILE if url.startswith(SQLITE) else SERVER


def file_of(url: str) -> Path | None:
    """Where the database is, if it is a file; a relative path begins where one is."""
    return Path(url.removeprefix(SQLITE).partition("?")[0]) if url.startswith(SQLITE) else None


async def examine(url: str) -> Finding:
    """Opens it as the bot would, without making it or bringing it up to date."""
    kind, remedy = url.partition(":")[0], remedy_for(url)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            standing = await look_at(url)
    except NotThere as error:
        what = f"Not there yet ({error}): the first start makes it."
        remedy = "If the bot has run before, mend the path in outbox.database."
        return Finding(CHECK, Level.WARNING, what, remedy)
    except (DatabaseTrouble, TimeoutError) as error:
        words = str(error) or f"no answer within {PATIENCE_SECONDS:.0f} s"
        return Finding(CHECK, Level.PROBLEM, f"It cannot be used ({words}).", remedy)
    if standing is Standing.NEWER:
        remedy = "Run that version, or restore a back-up from before (docs/operations.md)."
        return Finding(CHECK, Level.PROBLEM, "A newer kwtsms-bridge has used it.", remedy)
    return Finding(CHECK, Level.OK, f"{kind}, and {SAID[standing]}.")
