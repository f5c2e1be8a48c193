"""Both databases that the bot runs on, new and empty, for the benchmarks of the outbox."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from kwtsms_bot.database import Database, open_database
from support.postgres import postgres

KINDS = ("SQLite", "PostgreSQL")


@asynccontextmanager
async def database_url(kind: str, folder: Path) -> AsyncIterator[str]:
    """The URL of an empty database of that kind, which lasts as long as the context."""
    if kind == "SQLite":
        yield f"sqlite:///{folder / 'outbox.sqlite3'}"
        return
    async with postgres() as server:
        yield server.url


@asynccontextmanager
async def opened(kind: str, folder: Path) -> AsyncIterator[Database]:
    """Opens an empty database of that kind, with our tables."""
    async with database_url(kind, folder) as url:
        database = await open_database(url)
        try:
            yield database
        finally:
            await database.close()
