"""A real, migrated database for each test: at a URL, or SQLite in a folder."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import event, literal_column

from kwtsms_bot.database import Database, open_database
from kwtsms_bot.database.column_types import EPOCH, MICROSECOND, UtcDateTime
from kwtsms_bot.outbox.dispatch.claim_store import ClaimStore
from kwtsms_bot.outbox.dispatch.settlement_store import SettlementStore
from kwtsms_bot.outbox.message import CardLocation, ClaimedCall, NewMessage
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.queries.messages import MessageQueries
from kwtsms_bot.outbox.retention.purge_store import PurgeStore
from kwtsms_bot.outbox.store import Actor, Outbox, open_outbox

ACTOR = Actor("U1")
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
NUMBER = "96598765432"
OTHER = "96551234567"


def prepare_database(file: Path) -> str:
    """Creates a migrated SQLite database if the file is missing; returns its URL."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_bytes(_migrated())
    return f"sqlite:///{file}"


@cache
def _migrated() -> bytes:
    """A migrated database; copying it is five times as fast as migrating again."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        file = Path(folder) / "outbox.sqlite3"
        thread.submit(asyncio.run, migrate(f"sqlite:///{file}")).result()
        return file.read_bytes()


async def migrate(url: str) -> None:
    """Creates our tables in a database."""
    await (await open_database(url)).close()


@asynccontextmanager
async def opened(location: Path | str) -> AsyncIterator[Database]:
    """Opens a database, and first creates one in a folder if it is missing."""
    at = prepare_database(location / "outbox.sqlite3") if isinstance(location, Path) else location
    database = await open_database(at)
    try:
        yield database
    finally:
        await database.close()


def set_clock(database: Database, now: datetime) -> None:
    """Sets the clock of `database` to `now`, so that a test decides on the time."""
    micros = (now - EPOCH) // MICROSECOND
    database.now_expression = literal_column(str(micros), UtcDateTime())


class CallerClockClaims(ClaimStore):
    """Claims by the caller's clock."""

    async def claim(self, owner: str, lease: timedelta, now: datetime) -> ClaimedCall | None:
        """Claims a call at `now`."""
        set_clock(self._database, now)
        return await super().claim(owner, lease, now)


class CallerClockSettlements(SettlementStore):
    """Settles by the caller's clock."""

    async def put_in_flight(self, call: ClaimedCall, lease: timedelta, now: datetime) -> bool:
        """Puts a call in flight at `now`."""
        set_clock(self._database, now)
        return await super().put_in_flight(call, lease, now)

    async def settle(self, call: ClaimedCall, settlement: Settlement, now: datetime) -> None:
        """Settles a call at `now`."""
        set_clock(self._database, now)
        await super().settle(call, settlement, now)


class CallerClockPurge(PurgeStore):
    """Expires by the caller's clock."""

    async def expire_overdue(self, before: datetime, now: datetime) -> int:
        """Expires overdue recipients at `now`."""
        set_clock(self._database, now)
        return await super().expire_overdue(before, now)


def caller_clock_outbox(database: Database) -> Outbox:
    """An outbox whose cooldowns go by the time that its caller passes."""
    by_caller = copy(database)  # The others keep the real clock of the database.
    return replace(
        open_outbox(database),
        claims=CallerClockClaims(by_caller),
        settlements=CallerClockSettlements(by_caller),
        purge=CallerClockPurge(by_caller),
        messages=MessageQueries(by_caller),
    )


@asynccontextmanager
async def outbox_in(location: Path | str) -> AsyncIterator[Outbox]:
    """An outbox at this location, by the caller's clock."""
    async with opened(location) as database:
        yield caller_clock_outbox(database)


@contextmanager
def record_statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Records the statements executed in the block, with their values."""
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
