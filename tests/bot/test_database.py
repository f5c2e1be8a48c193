"""The database: upgraded at start from any earlier version, and safe for several replicas."""

import asyncio
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, Table, create_engine, insert, inspect, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from kwtsms_bot.database import (
    Database,
    DatabaseError,
    DatabaseNotFound,
    SchemaStatus,
    engine,
    inspect_schema,
    open_database,
)
from kwtsms_bot.database.column_types import metadata
from kwtsms_bot.database.job_slots import claim_slot, slot_of
from kwtsms_bot.database.migrate import MIGRATIONS
from support.database import AT, new_message, opened, outbox_in

FIRST = "0001"
SLOT = slot_of(AT, timedelta(minutes=1))
REPLICAS = 4


async def test_the_migrations_make_the_tables_that_the_code_wants(tmp_path: Path) -> None:
    """Tables, columns and indexes after the migrations match tables.py."""
    async with opened(tmp_path):
        pass
    engine = create_engine(f"sqlite:///{tmp_path / 'outbox.sqlite3'}")
    found = inspect(engine)
    made = {
        table: (
            {column["name"]: compiled(column["type"]) for column in found.get_columns(table)},
            {index["name"] for index in found.get_indexes(table)},
        )
        for table in found.get_table_names()
        if table != "alembic_version"
    }
    engine.dispose()

    assert made == {
        table.name: (
            {column.name: compiled(column.type) for column in table.columns},
            {index.name for index in table.indexes},
        )
        for table in metadata.sorted_tables
    }


def compiled(kind: TypeEngine[object]) -> str:
    """The column type in SQLite's SQL."""
    return str(kind.compile(dialect=sqlite.dialect()))


async def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    """A restart finds the tables unchanged."""
    async with opened(tmp_path) as first:
        before = await first.now()
    async with opened(tmp_path) as second:
        assert await second.now() >= before


async def test_a_database_that_cannot_be_opened_is_our_error(tmp_path: Path) -> None:
    """A missing folder raises DatabaseError, not an exception of the driver."""
    with pytest.raises(DatabaseError, match="missing does not exist"):
        await open_database(f"sqlite:///{tmp_path / 'missing' / 'outbox.sqlite3'}")


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"]
)
async def test_a_database_in_memory_is_refused(url: str) -> None:
    """An in-memory database would lose messages at exit, and each connection would have its own."""
    with pytest.raises(DatabaseError, match="use a file, such as sqlite:///"):
        await open_database(url)


async def test_a_commit_survives_a_power_cut(tmp_path: Path) -> None:
    """SQLite syncs each commit to disk before it returns (2 is FULL), for both engines."""
    async with opened(tmp_path) as database:
        assert await said(database, "PRAGMA synchronous") == {"2"}
        assert await said(database, "PRAGMA journal_mode") == {"wal"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("synchronous_commit", "on"),
        ("transaction_isolation", "read committed"),
        ("idle_in_transaction_session_timeout", "10s"),
    ],
)
async def test_what_we_rely_on_is_set(postgres_url: str, name: str, value: str) -> None:
    """Our settings override those of the PostgreSQL server, for both engines."""
    with connected(postgres_url) as connection:
        database_name = connection.engine.url.database
        for other in ("synchronous_commit = off", "default_transaction_isolation = serializable"):
            connection.exec_driver_sql(f"ALTER DATABASE {database_name} SET {other}")

    async with opened(postgres_url) as database:
        assert await said(database, f"SHOW {name}") == {value}


async def test_a_server_that_is_gone_is_noticed_as_soon_as_its_address_says(
    postgres_url: str,
) -> None:
    """The URL's timeouts take precedence; the others have our defaults."""
    async with (
        opened(f"{postgres_url}&connect_timeout=3") as database,
        database.transaction() as connection,
    ):
        driver: Any = (await connection.get_raw_connection()).driver_connection
        parameters = driver.info.get_parameters()

    assert (parameters["connect_timeout"], parameters["tcp_user_timeout"]) == ("3", "20000")
    assert (parameters["keepalives_idle"], parameters["keepalives_count"]) == ("10", "2")


async def said(database: Database, question: str) -> set[str]:
    """The answers of both engines: asynchronous, and synchronous in a thread."""

    async def ask(connection: AsyncConnection) -> str:
        return str((await connection.execute(text(question))).scalar())

    async with database.transaction() as connection:
        awaited = await ask(connection)
    return {awaited, await database.run_transaction(ask)}


async def test_unresolved_names_delay_no_commit(tmp_path: Path) -> None:
    """Database calls have their own threads, so a name server that hangs cannot block them."""
    answered = threading.Event()
    loop = asyncio.get_running_loop()
    async with opened(tmp_path) as database:
        lookups = [loop.run_in_executor(None, answered.wait) for _ in range(40)]
        try:
            async with asyncio.timeout(20):
                assert await claim_slot(database, "job", SLOT)
        finally:
            answered.set()
            await asyncio.gather(*lookups)


async def test_nobody_else_reads_its_files(tmp_path: Path) -> None:
    """The file, and the files that SQLite creates beside it, are private for any umask."""
    before = os.umask(0)
    try:
        async with outbox_in(tmp_path) as outbox:
            await outbox.intake.accept(new_message(), AT)
            found = modes(tmp_path)
    finally:
        os.umask(before)

    assert found == {f"outbox.sqlite3{end}": 0o600 for end in ("", "-shm", "-wal")}


def modes(folder: Path) -> dict[str, int]:
    """The permission bits of each file in a folder."""
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_where_nothing_can_be_made_it_is_said_so() -> None:
    """The error gives the system's reason, which SQLite's "unable to open database file" lacks."""
    with pytest.raises(DatabaseError, match=r"/proc/outbox.sqlite3 cannot be made: "):
        await open_database("sqlite:////proc/outbox.sqlite3")


async def test_what_is_wrong_with_a_server_is_said_in_its_words() -> None:
    """The server's own error is shown in one line, without the password."""
    with pytest.raises(DatabaseError) as caught:
        await open_database("postgresql://sms:the-password@127.0.0.1:1/sms")

    assert "Connection refused" in str(caught.value)
    assert "the-password" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


async def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    """The error says that a newer version has used the database."""
    async with opened(database_url) as database, database.transaction() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'newer'")

    with pytest.raises(DatabaseError, match="a newer kwtsms-bridge has used it"):
        await open_database(database_url)


async def test_writers_of_one_process_come_in_their_order(tmp_path: Path) -> None:
    """Writers wait in FIFO order; SQLite's own lock has none."""
    written: list[int] = []

    async def write(database: Database, number: int) -> None:
        async with database.transaction():
            written.append(number)

    async with opened(tmp_path) as database:
        async with database.transaction():
            waiting = [asyncio.create_task(write(database, number)) for number in range(8)]
            await database.now()  # All of them have begun.
        await asyncio.gather(*waiting)

    assert written == list(range(8))


async def test_a_read_at_once_waits_for_no_writer_and_writes_nothing(tmp_path: Path) -> None:
    """A read takes no write lock, so that it does not wait for a SQLite writer."""

    async def count_messages(connection: AsyncConnection) -> int:
        return int((await connection.execute(text("SELECT count(*) FROM message"))).scalar_one())

    async with opened(tmp_path) as database, opened(tmp_path) as other, other.transaction():
        found = await database.run_read(count_messages)

    assert found == 0


async def test_a_read_that_waits_too_long_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read fails if all readers hang for too long, and succeeds once they are done."""
    monkeypatch.setattr(engine, "READERS_SECONDS", 0.05)
    begun, done = threading.Semaphore(0), threading.Event()

    async def hang(_: AsyncConnection) -> str:
        begun.release()
        done.wait(20)
        return "read"

    async with opened(tmp_path) as database:
        hanging = [asyncio.create_task(database.run_read(hang)) for _ in range(engine.READERS)]
        for _ in hanging:
            await asyncio.to_thread(begun.acquire)
        with pytest.raises(DatabaseError, match="for too long"):
            await database.run_read(hang)
        done.set()

        assert await asyncio.gather(*hanging) == ["read"] * engine.READERS
        assert await database.run_read(hang) == "read"


async def test_replicas_that_start_at_once_make_the_tables_once(empty_database_url: str) -> None:
    """Each replica waits for the one that is migrating, and then finds the tables."""
    opened_at_once = await asyncio.gather(
        *(open_database(empty_database_url) for _ in range(REPLICAS))
    )
    times = [await database.now() for database in opened_at_once]
    await asyncio.gather(*(database.close() for database in opened_at_once))

    assert len(times) == REPLICAS


async def test_an_upgrade_from_the_first_schema_keeps_every_row(empty_database_url: str) -> None:
    """A database of the first release, with a row in each table, is migrated to this version."""
    with connected(empty_database_url) as connection:
        to_revision(connection, FIRST)
        before = {table.name: filled(connection, table) for table in tables(connection)}

    database = await open_database(empty_database_url)
    await database.close()

    with connected(empty_database_url) as connection:
        after = {table.name: rows(connection, table) for table in tables(connection)}
    assert set(after) == set(metadata.tables)
    for name, kept in before.items():
        assert [{column: row[column] for column in kept} for row in after[name]] == [kept]


async def test_the_schema_status_is_read_without_changing_it(empty_database_url: str) -> None:
    """Foreign, older, current and newer schemas are recognised, and none is changed."""
    with connected(empty_database_url) as connection:
        connection.exec_driver_sql("CREATE TABLE another (id INTEGER)")
    found = [await inspect_schema(empty_database_url)]
    with connected(empty_database_url) as connection:
        to_revision(connection, FIRST)
        before = [table.name for table in tables(connection)]
    found.append(await inspect_schema(empty_database_url))
    with connected(empty_database_url) as connection:
        after = [table.name for table in tables(connection)]
    await (await open_database(empty_database_url)).close()
    found.append(await inspect_schema(empty_database_url))
    with connected(empty_database_url) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'newer'")
    found.append(await inspect_schema(empty_database_url))

    assert found == [
        SchemaStatus.OLDER,
        SchemaStatus.OLDER,
        SchemaStatus.CURRENT,
        SchemaStatus.NEWER,
    ]
    assert before == after


async def test_each_database_error_is_reported_once(database_url: str) -> None:
    """A failed operation is reported once; a duplicate key is not an error."""
    reported: list[None] = []
    database = await open_database(database_url, on_error=lambda: reported.append(None))

    async def fail(connection: AsyncConnection) -> None:
        await connection.execute(text("SELECT * FROM nowhere"))

    for run in (database.run_transaction, database.run_read):
        with pytest.raises(DatabaseError):
            await run(fail)
    for connect in (database.transaction, database.reading):
        with pytest.raises(DatabaseError):
            async with connect() as connection:
                await fail(connection)
    claimed = [await claim_slot(database, "job", SLOT) for _ in range(2)]
    await database.close()

    assert claimed == [True, False]
    assert len(reported) == 4


async def test_reading_the_schema_status_makes_no_file(tmp_path: Path) -> None:
    """A mistyped path is reported as a missing file, and no file is created."""
    file = tmp_path / "mistyped.sqlite3"
    for _ in range(2):
        with pytest.raises(DatabaseNotFound, match=r"mistyped\.sqlite3 does not exist"):
            await inspect_schema(f"sqlite:///{file}")


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection that bypasses our own code."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def to_revision(connection: Connection, revision: str) -> None:
    """Migrates the tables to that revision."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS))
    settings.attributes["connection"] = connection
    command.upgrade(settings, revision)


def tables(connection: Connection) -> list[Table]:
    """The tables as the database has them, referenced tables first."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def filled(connection: Connection, table: Table) -> dict[str, Any]:
    """Inserts one row and returns it as stored."""
    row = {column.name: value(column.type.python_type) for column in table.columns}
    connection.execute(insert(table).values(row))
    (found,) = rows(connection, table)
    return found


def value(kind: type) -> Any:
    """A sample value of that type; 1 for keys, so that references match the only row."""
    return "1" if kind is str else kind(1)


def rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """All rows of the table."""
    return [dict(row) for row in connection.execute(select(table)).mappings()]
