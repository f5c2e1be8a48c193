"""A real database for each test, opened by the migrations: at a URL, or SQLite in a folder."""

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
async def opened(place: Path | str) -> AsyncIterator[Database]:
    """A new database, or the one that is there already."""
    at = f"sqlite:///{place / 'outbox.sqlite3'}" if isinstance(place, Path) else place
    database = await open_database(at)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def store_in(place: Path | str) -> AsyncIterator[Store]:
    """An outbox there."""
    async with opened(place) as database:
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
