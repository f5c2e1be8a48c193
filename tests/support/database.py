"""A real database for each test: SQLite in a folder of its own, opened by the migrations."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kwtsms_bot.database import Database, open_database
from kwtsms_bot.outbox.message import NewMessage, Place
from kwtsms_bot.outbox.store import Store

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
NUMBER = "96598765432"
OTHER = "96551234567"


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Database]:
    """A new database, or the one that is in `folder` already."""
    database = await open_database(f"sqlite:///{folder / 'outbox.sqlite3'}")
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def store_in(folder: Path) -> AsyncIterator[Store]:
    """An outbox in `folder`."""
    async with opened(folder) as database:
        yield Store(database)


def new(*recipients: str, **changes: Any) -> NewMessage:
    """A message that can be accepted."""
    facts: dict[str, Any] = {
        "source": "test",
        "author": "U1",
        "text": "hello",
        "sender_id": "MY-APP",
        "recipients": recipients or (NUMBER,),
        "pages": 1,
        "place": Place("C1", None),
    }
    return NewMessage(**(facts | changes))
