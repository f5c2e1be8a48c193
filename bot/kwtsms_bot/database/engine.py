"""A SQLite or PostgreSQL database, opened, brought up to date, and used in short transactions.

Foreign errors become `DatabaseTrouble` here; nobody above catches SQLAlchemy's.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import create_engine, event, func, literal_column, select
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from kwtsms_bot.database.columns import Moment
from kwtsms_bot.database.files import compacted, emptied
from kwtsms_bot.database.migrating import Standing, migrate, standing
from kwtsms_bot.database.trouble import CommitLost, DatabaseTrouble, NotThere, translated

T = TypeVar("T")
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
DIRECT_DRIVERS = DRIVERS | {"sqlite": "sqlite"}  # Without asyncio, in a thread.
BUSY_MILLISECONDS = 10_000
# A replica that stands still, or whose machine is gone, does not hold its locks for longer.
IDLE_MILLISECONDS = 10_000
CONNECT: dict[str, dict[str, str]] = {
    "sqlite": {},
    "postgresql": {"options": f"-c idle_in_transaction_session_timeout={IDLE_MILLISECONDS}"},
}
READING = "kwtsms_reading"
# The database's own clock, in microseconds since 1970: replicas' clocks may differ.
_NOW = {
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
}


class Database:
    """Transactions, and the clock that all replicas share."""

    def __init__(self, engine: AsyncEngine, direct: Engine) -> None:
        self._engine = engine
        self._direct = direct
        # SQLite has one writer; whoever waits for it there polls, in no order. Here they queue.
        one = engine.dialect.name == "sqlite"
        self._writer: AbstractAsyncContextManager[None] = asyncio.Lock() if one else nullcontext()
        self.now_expression = literal_column(_NOW[engine.dialect.name], Moment())

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """All of it or nothing; on SQLite the write lock is taken at the beginning.

        Raises:
            AlreadyThere: a key is taken.
            CommitLost: the answer to the commit was lost.
            DatabaseTrouble: anything else went wrong, and nothing was changed.
        """
        async with self._writer:
            with translated():
                async with self._engine.connect() as connection, connection.begin() as begun:
                    yield connection
                    with translated(CommitLost):
                        await begun.commit()

    async def at_once(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
        """All of `work` in one transaction, without a pause between its statements.

        Each statement is a trip to a thread or to the loop and back; the whole of it is one here.
        `work` awaits nothing but the connection.

        Raises:
            AlreadyThere: a key is taken.
            CommitLost: the answer to the commit was lost.
            DatabaseTrouble: anything else went wrong, and nothing was changed.
        """
        async with self._writer:
            return await asyncio.to_thread(_in_this_thread, self._direct, work)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view, which keeps no writer waiting.

        Raises:
            DatabaseTrouble: it cannot be read.
        """
        with translated():
            async with self._engine.connect() as connection:
                yield await connection.execution_options(**{READING: True})

    async def one_at_a_time(self, connection: AsyncConnection, what: str) -> None:
        """Waits until no other transaction is at `what`; SQLite has one writer anyway."""
        if self.dialect == "postgresql":
            lock = func.pg_advisory_xact_lock(func.hashtext(what))
            await connection.execute(select(lock))

    async def now(self) -> datetime:
        """What the database's clock says."""
        async with self.reading() as connection:
            found: datetime = (await connection.execute(select(self.now_expression))).scalar_one()
            return found

    async def empty_log(self) -> bool:
        """Takes pages as they were out of SQLite's files; False: a reader needs them still."""
        if self.dialect != "sqlite":
            return True
        async with self._writer:
            with translated():
                return await asyncio.to_thread(emptied, self._direct)

    async def compact(self, at_most: int) -> bool:
        """Writes SQLite's file anew without a trace of what was erased; False: not this time.

        A file of more than `at_most` bytes would keep everybody waiting for too long.
        """
        if self.dialect != "sqlite":
            return True
        async with self._writer:
            done = await asyncio.to_thread(compacted, self._direct, at_most)
        return await self.empty_log() and done

    async def close(self) -> None:
        """Closes every connection."""
        await self._engine.dispose()
        self._direct.dispose()


class _Direct:
    """A connection of this thread, to be awaited like one of the loop's; it never pauses."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, *args: Any) -> Any:
        """As AsyncConnection's."""
        return self._connection.execute(*args)


def _in_this_thread(engine: Engine, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
    with translated(), engine.connect() as connection, connection.begin() as begun:
        running = work(cast("AsyncConnection", _Direct(connection)))
        try:
            running.send(None)
        except StopIteration as done:
            with translated(CommitLost):
                begun.commit()
            return done.value  # type: ignore[no-any-return]  # StopIteration has no type for it.
        running.close()
        raise RuntimeError("the work awaited something else than its connection")


async def open_database(url: str, *, create: bool = True) -> Database:
    """The database at `url`, its tables as this version wants them.

    Without `create`, a SQLite file that is not there is not made.

    Raises:
        NotThere: there is no such file.
        DatabaseTrouble: it cannot be opened or brought up to date.
    """
    database, engine = _connectable(url, create=create)
    try:
        with translated():
            async with engine.begin() as connection:
                await connection.run_sync(migrate)
    except DatabaseTrouble:
        await database.close()
        raise
    return database


async def look_at(url: str) -> Standing:
    """How the database at `url` stands; nothing is made and nothing is changed.

    Raises:
        NotThere: there is no such file.
        DatabaseTrouble: it cannot be used.
    """
    database, _ = _connectable(url, create=False)
    try:
        async with database.transaction() as connection:  # Which shows that it can be written to.
            return await connection.run_sync(standing)
    finally:
        await database.close()


def _connectable(url: str, *, create: bool) -> tuple[Database, AsyncEngine]:
    """The database, to which nothing is connected yet."""
    parsed = make_url(url)
    name = parsed.get_backend_name()
    options: dict[str, Any] = {
        "pool_pre_ping": name != "sqlite",
        "hide_parameters": True,  # Numbers and texts are in them, and errors reach the log.
        "connect_args": CONNECT[name],
    }
    engine = create_async_engine(parsed.set(drivername=DRIVERS[name]), **options)
    direct = create_engine(parsed.set(drivername=DIRECT_DRIVERS[name]), **options)
    if name == "sqlite":
        _check_file(parsed.database, create=create)
        _prepare_sqlite(engine.sync_engine)
        _prepare_sqlite(direct)
    return Database(engine, direct), engine


def _check_file(file: str | None, *, create: bool) -> None:
    """SQLite's own words for a missing folder are "unable to open database file"."""
    folder = Path(file or ".").parent
    if not folder.is_dir():
        raise DatabaseTrouble(f"the folder {folder} does not exist")
    if not create and not Path(file or ".").is_file():
        raise NotThere(f"the file {file} does not exist")


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # We say BEGIN ourselves, below.
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # A commit survives a power cut.
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # What is erased is gone from the file too.
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # A reader that becomes a writer half way would fail at once where another writes.
        reads = connection.get_execution_options().get(READING)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
