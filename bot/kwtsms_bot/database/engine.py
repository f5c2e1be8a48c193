"""A SQLite or PostgreSQL database: opened, migrated, and used in short transactions.

Foreign errors become `DatabaseError` here; no other code catches SQLAlchemy's.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from contextvars import copy_context
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, cast

from sqlalchemy import delete, func, insert, inspect, literal_column, select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from kwtsms_bot.database.column_types import UtcDateTime
from kwtsms_bot.database.connections import READ_ONLY, make_engines
from kwtsms_bot.database.errors import CommitUnknown, DatabaseError, DuplicateKey, translate_errors
from kwtsms_bot.database.migrate import SchemaStatus, migrate, schema_status
from kwtsms_bot.database.sqlite_files import DatabaseFile, empty_wal, vacuum
from kwtsms_bot.database.tables import database_start

T = TypeVar("T")
THREADS = 8  # For blocking work; waiting for a thread is waiting for the database.
READERS = 2  # More would not be faster, and would keep Python from other work.
READERS_SECONDS = 10.0  # A longer wait for a reader means that the database hangs.
STARTS_KEPT = 20  # Other processes recognise the file by theirs.
# The database's own clock, in microseconds since 1970: replicas' clocks may differ.
_NOW = {
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
}


class Database:
    """Transactions, and the clock that all replicas share."""

    def __init__(
        self,
        engine: AsyncEngine,
        direct: Engine,
        file: DatabaseFile | None,
        on_error: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._direct = direct
        self._file = file
        self._readers = asyncio.Semaphore(READERS)
        self._direct_reader = direct.execution_options(**{READ_ONLY: True})
        self._on_error = on_error
        # Not asyncio's threads: they resolve names too, and a name server may not answer.
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="database")
        # SQLite has one writer, and whatever waits for it polls, in no order. Here writers queue.
        single_writer = engine.dialect.name == "sqlite"
        self._writer: AbstractAsyncContextManager[None] = (
            asyncio.Lock() if single_writer else nullcontext()
        )
        self.now_expression = literal_column(_NOW[engine.dialect.name], UtcDateTime())

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Opens a transaction; on SQLite the write lock is taken at the beginning.

        Raises:
            DuplicateKey: a key is taken.
            InvalidValue: a value cannot be stored; to try again is in vain.
            CommitUnknown: the answer to the commit was lost.
            DatabaseFileLost: SQLite's file is not the opened one any more.
            DatabaseError: anything else went wrong, and nothing was changed.
        """
        async with self._writer:
            with self._reporting_errors(), translate_errors():
                await self.verify_file()
                async with self._engine.connect() as connection, connection.begin() as begun:
                    yield connection
                    with translate_errors(CommitUnknown):
                        await begun.commit()

    async def run_transaction(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
        """Runs `work` in one transaction, without a pause between its statements.

        Elsewhere each statement is a trip to a thread and back; here all of them are one. `work`
        may await nothing but the connection.

        Raises:
            DuplicateKey: a key is taken.
            InvalidValue: a value cannot be stored; to try again is in vain.
            CommitUnknown: the answer to the commit was lost.
            DatabaseError: anything else went wrong, and nothing was changed.
        """
        async with self._writer:
            with self._reporting_errors():
                return await self._run_in_thread(self._write_in_this_thread, work)

    def _write_in_this_thread(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
        if self._file is not None:
            self._file.verify()
        return _run_in_this_thread(self._direct, work)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Opens a consistent view, which blocks no writer.

        Raises:
            DatabaseError: it cannot be read.
        """
        with self._reporting_errors(), translate_errors():
            async with self._engine.connect() as connection:
                yield await connection.execution_options(**{READ_ONLY: True})

    async def run_read(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
        """Runs `work` on a view without a pause, for queries that every command makes.

        Raises:
            DatabaseError: it cannot be read, or not soon.
        """
        with self._reporting_errors():
            await self._acquire_reader()
            try:
                return await self._run_in_thread(_run_in_this_thread, self._direct_reader, work)
            finally:
                self._readers.release()

    async def _acquire_reader(self) -> None:
        try:
            async with asyncio.timeout(READERS_SECONDS):
                await self._readers.acquire()
        except TimeoutError as error:
            raise DatabaseError("it has not answered others for too long") from error

    async def acquire_lock(self, connection: AsyncConnection, lock_name: str) -> None:
        """Waits until no other transaction holds `lock_name`; SQLite has one writer anyway."""
        if self.dialect == "postgresql":
            lock = func.pg_advisory_xact_lock(func.hashtext(lock_name))
            await connection.execute(select(lock))

    async def now(self) -> datetime:
        """Returns the time by the database's clock."""
        async with self.reading() as connection:
            found: datetime = (await connection.execute(select(self.now_expression))).scalar_one()
            return found

    async def verify_file(self) -> None:
        """Checks that SQLite's file is still the opened one; each write does so first.

        Raises:
            DatabaseFileLost: it was removed, replaced or overwritten.
            DatabaseError: it cannot be read.
        """
        if self._file is not None:
            await self._run_in_thread(self._file.verify)

    async def record_start(self) -> None:
        """Records a random token, by which this process recognises SQLite's file from now on.

        Raises:
            DatabaseFileLost: it is not the opened one any more.
            DatabaseError: the token cannot be stored.
        """
        if self._file is None:
            return
        token = secrets.token_hex(16)
        async with self.transaction() as connection:
            stored = insert(database_start).values(token=token).returning(database_start.c.id)
            newest = (await connection.execute(stored)).scalar_one()
            old = database_start.c.id <= newest - STARTS_KEPT
            await connection.execute(delete(database_start).where(old))
        # From the file itself it is read, not from the log beside it.
        await self.empty_wal()
        await self._run_in_thread(self._file.remember, token)

    async def empty_wal(self) -> bool:
        """Empties SQLite's write-ahead log; returns False if a reader still needs it."""
        if self.dialect != "sqlite":
            return True
        async with self._writer:
            with translate_errors():
                return await self._run_in_thread(empty_wal, self._direct)

    async def compact(self, max_bytes: int) -> bool:
        """Rewrites SQLite's file without traces of erased data; returns False if it could not.

        A file of more than `max_bytes` is left as it is: it would block everybody for too long.
        """
        if self.dialect != "sqlite":
            return True
        async with self._writer:
            done = await self._run_in_thread(vacuum, self._direct, max_bytes)
        return await self.empty_wal() and done

    @contextmanager
    def _reporting_errors(self) -> Iterator[None]:
        """Reports a database error to `on_error`; a key that is taken is none."""
        try:
            yield
        except DuplicateKey:
            raise
        except DatabaseError:
            self._on_error()
            raise

    async def close(self) -> None:
        """Closes every connection."""
        await self._engine.dispose()
        self._direct.dispose()
        self._threads.shutdown(wait=False)

    async def _run_in_thread(self, work: Callable[..., T], *args: Any) -> T:
        """Runs `work` in one of our own threads, like asyncio.to_thread."""
        call = partial(copy_context().run, work, *args)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


class _ThreadConnection:
    """A connection of this thread, awaited like one of the event loop's; it never suspends."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect

    async def execute(self, *args: Any) -> Any:
        """Executes a statement, like AsyncConnection."""
        return self._connection.execute(*args)


def _run_in_this_thread(
    engine: Engine, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]
) -> T:
    with translate_errors(), engine.connect() as connection, connection.begin() as begun:
        running = work(cast("AsyncConnection", _ThreadConnection(connection)))
        try:
            running.send(None)
        except StopIteration as done:
            with translate_errors(CommitUnknown):
                begun.commit()
            return done.value  # type: ignore[no-any-return]  # StopIteration has no type for it.
        running.close()
        raise RuntimeError("the work awaited something else than its connection")


async def open_database(
    url: str,
    *,
    create: bool = True,
    watch_file: bool = False,
    on_error: Callable[[], None] = lambda: None,
) -> Database:
    """Opens the database at `url` and migrates its tables to this version.

    Without `create`, a missing SQLite file is not created. With `watch_file`, every write first
    checks that SQLite's file is still the opened one.

    Raises:
        DatabaseNotFound: there is no such file.
        DatabaseFileLost: there was one, and it is gone or without its tables.
        DatabaseError: it cannot be opened or migrated.
    """
    engine, direct, file = make_engines(url, create=create)
    database = Database(engine, direct, file, on_error)
    try:
        async with database.transaction() as connection:
            if file is not None and file.was_in_use:
                await connection.run_sync(_require_tables, file)
            await connection.run_sync(migrate)
        if watch_file:
            await database.record_start()
    except DatabaseError:
        await database.close()
        raise
    return database


def _require_tables(connection: Connection, file: DatabaseFile) -> None:
    """Checks that a database that was in use has tables; an empty one is not it."""
    if not inspect(connection).has_table("message"):
        raise file.lost("has none of the bot's tables, and a bot has used it")


async def inspect_schema(url: str) -> SchemaStatus:
    """Returns the status of the schema at `url`; creates nothing and changes nothing.

    Raises:
        DatabaseNotFound: there is no such file.
        DatabaseError: it cannot be used.
    """
    database = Database(*make_engines(url, create=False))
    try:
        async with database.transaction() as connection:  # Shows that it is writable.
            return await connection.run_sync(schema_status)
    finally:
        await database.close()
