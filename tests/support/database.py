"""A real database for each test: at a URL, or SQLite in a folder, as our migrations make it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, event, literal_column

from kwtsms_bot.database import Database, open_database
from kwtsms_bot.database.column_types import EPOCH, MICROSECOND, UtcDateTime
from kwtsms_bot.outbox.dispatch.retry import Settlement
from kwtsms_bot.outbox.message import CardLocation, ClaimedCall, NewMessage
from kwtsms_bot.outbox.store import Actor, Store

ACTOR = Actor("U1")
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
NUMBER = "96598765432"
OTHER = "96551234567"


def prepare_database(file: Path) -> str:
    """The URL of a database in that file; one with our tables, where there is none yet."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_bytes(_migrated())
    return f"sqlite:///{file}"


@cache
def _migrated() -> bytes:
    """A database with our tables: to make them anew takes five times as long as to open them."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        file = Path(folder) / "outbox.sqlite3"
        thread.submit(asyncio.run, migrate(f"sqlite:///{file}")).result()
        return file.read_bytes()


async def migrate(url: str) -> None:
    """Makes our tables there."""
    await (await open_database(url)).close()


@asynccontextmanager
async def opened(location: Path | str) -> AsyncIterator[Database]:
    """A new database, or the one that is there already."""
    at = prepare_database(location / "outbox.sqlite3") if isinstance(location, Path) else location
    database = await open_database(at)
    try:
        yield database
    finally:
        await database.close()


class CallerClockStore(Store):
    """An outbox whose database's clock shows what its caller's shows: time goes as a test says."""

    current_time: datetime | None = None

    @property
    def clock(self) -> ColumnElement[datetime]:
        """That."""
        if self.current_time is None:
            return super().clock
        return literal_column(str((self.current_time - EPOCH) // MICROSECOND), UtcDateTime())

    async def claim(self, owner: str, lease: timedelta, now: datetime) -> ClaimedCall | None:
        """As the store does."""
        self.current_time = now
        return await super().claim(owner, lease, now)

    async def put_in_flight(self, call: ClaimedCall, lease: timedelta, now: datetime) -> bool:
        """As the store does."""
        self.current_time = now
        return await super().put_in_flight(call, lease, now)

    async def settle(self, call: ClaimedCall, settlement: Settlement, now: datetime) -> None:
        """As the store does."""
        self.current_time = now
        await super().settle(call, settlement, now)

    async def expire_overdue(self, before: datetime, now: datetime) -> int:
        """As the store does."""
        self.current_time = now
        return await super().expire_overdue(before, now)


@asynccontextmanager
async def store_in(location: Path | str) -> AsyncIterator[CallerClockStore]:
    """An outbox there."""
    async with opened(location) as database:
        yield CallerClockStore(database)


@contextmanager
def record_statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """What the database is told meanwhile, with the values that go with it."""
    recorded: list[tuple[str, Any]] = []
    engine = database._engine.sync_engine

    def record(_c: Any, _k: Any, statement: str, values: Any, *_: Any) -> None:
        recorded.append((statement, values))

    event.listen(engine, "before_cursor_execute", record)
    yield recorded
    event.remove(engine, "before_cursor_execute", record)


def new_message(*recipients: str, **changes: Any) -> NewMessage:
    """A message that can be accepted."""
    facts: dict[str, Any] = {
        "source": "test",
        "author": "U1",
        "text": "hello",
        "sender_id": "MY-APP",
        "recipients": recipients or (NUMBER,),
        "pages": 1,
        "card_location": CardLocation("C1", None),
    }
    return NewMessage(**(facts | changes))
