"""The database: brought up to date at start, whatever state it is in."""

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
from support.database import AT, new_message, opened, store_in

FIRST = "0001"
SLOT = slot_of(AT, timedelta(minutes=1))
REPLICAS = 4


async def test_the_migrations_make_the_tables_that_the_code_wants(tmp_path: Path) -> None:
    """Tables, columns and indexes after the migrations are those of tables.py."""
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
    """A column type as SQLite writes it."""
    return str(kind.compile(dialect=sqlite.dialect()))


async def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    """A restart finds the tables as they are."""
    async with opened(tmp_path) as first:
        before = await first.now()
    async with opened(tmp_path) as second:
        assert await second.now() >= before


async def test_a_database_that_cannot_be_opened_is_our_error(tmp_path: Path) -> None:
    """A folder that does not exist is DatabaseTrouble, not a foreign exception."""
    with pytest.raises(DatabaseError, match="missing does not exist"):
        await open_database(f"sqlite:///{tmp_path / 'missing' / 'outbox.sqlite3'}")


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"]
)
async def test_a_database_in_memory_is_refused(url: str) -> None:
    """What is accepted would be gone with the process, and each connection has one of its own."""
    with pytest.raises(DatabaseError, match="name a file, such as sqlite:///"):
        await open_database(url)


async def test_a_commit_survives_a_power_cut(tmp_path: Path) -> None:
    """On both ways to SQLite each commit is on the disk before it returns (2: FULL)."""
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
    """Whatever the server, the database and the role say; on both ways to PostgreSQL."""
    with connected(postgres_url) as connection:
        database_name = connection.engine.url.database
        for other in ("synchronous_commit = off", "default_transaction_isolation = serializable"):
            connection.exec_driver_sql(f"ALTER DATABASE {database_name} SET {other}")

    async with opened(postgres_url) as database:
        assert await said(database, f"SHOW {name}") == {value}


async def test_a_server_that_is_gone_is_noticed_as_soon_as_its_address_says(
    postgres_url: str,
) -> None:
    """What stands in the address holds; the rest is ours."""
    async with (
        opened(f"{postgres_url}&connect_timeout=3") as database,
        database.transaction() as connection,
    ):
        driver: Any = (await connection.get_raw_connection()).driver_connection
        parameters = driver.info.get_parameters()

    assert (parameters["connect_timeout"], parameters["tcp_user_timeout"]) == ("3", "20000")
    assert (parameters["keepalives_idle"], parameters["keepalives_count"]) == ("10", "2")


async def said(database: Database, question: str) -> set[str]:
    """What both ways to the database answer."""

    async def ask(connection: AsyncConnection) -> str:
        return str((await connection.execute(text(question))).scalar())

    async with database.transaction() as connection:
        awaited = await ask(connection)
    return {awaited, await database.run_transaction(ask)}


async def test_unresolved_names_delay_no_commit(tmp_path: Path) -> None:
    """A name server that says nothing keeps all of asyncio's threads; ours are others."""
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
    """Whatever the umask is: the file, and those that SQLite makes beside it."""
    before = os.umask(0)
    try:
        async with store_in(tmp_path) as store:
            await store.accept(new_message(), AT)
            found = modes(tmp_path)
    finally:
        os.umask(before)

    assert found == {f"outbox.sqlite3{end}": 0o600 for end in ("", "-shm", "-wal")}


def modes(folder: Path) -> dict[str, int]:
    """Who may do what with each file of a folder."""
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_where_nothing_can_be_made_it_is_said_so() -> None:
    """With the system's reason; SQLite's own words are "unable to open database file"."""
    with pytest.raises(DatabaseError, match=r"/proc/outbox.sqlite3 cannot be made: "):
        await open_database("sqlite:////proc/outbox.sqlite3")


async def test_what_is_wrong_with_a_server_is_said_in_its_words() -> None:
    """Without the password that it was tried with."""
    with pytest.raises(DatabaseError) as caught:
        await open_database("postgresql://sms:the-password@127.0.0.1:1/sms")

    assert "Connection refused" in str(caught.value)
    assert "the-password" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


async def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    """Not guessed at: the message says which version to run."""
    async with opened(database_url) as database, database.transaction() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'newer'")

    with pytest.raises(DatabaseError, match="a newer kwtsms-bridge has used it"):
        await open_database(database_url)


async def test_writers_of_one_process_come_in_their_order(tmp_path: Path) -> None:
    """SQLite lets in whoever looks at the right moment; here nobody is passed by."""
    came: list[int] = []

    async def write(database: Database, number: int) -> None:
        async with database.transaction():
            came.append(number)

    async with opened(tmp_path) as database:
        async with database.transaction():
            waiting = [asyncio.create_task(write(database, number)) for number in range(8)]
            await database.now()  # All of them have begun.
        await asyncio.gather(*waiting)

    assert came == list(range(8))


async def test_a_read_at_once_waits_for_no_writer_and_writes_nothing(tmp_path: Path) -> None:
    """On SQLite whoever writes has the lock of all writers; a reader does not ask for it."""

    async def count_messages(connection: AsyncConnection) -> int:
        return int((await connection.execute(text("SELECT count(*) FROM message"))).scalar_one())

    async with opened(tmp_path) as database, opened(tmp_path) as other, other.transaction():
        found = await database.run_read(count_messages)

    assert found == 0


async def test_a_read_that_waits_too_long_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who read hang: the next gives up, and whoever comes when they are done is served."""
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
    """Each waits for the one that is at it, and finds them made."""
    opened_at_once = await asyncio.gather(
        *(open_database(empty_database_url) for _ in range(REPLICAS))
    )
    times = [await database.now() for database in opened_at_once]
    await asyncio.gather(*(database.close() for database in opened_at_once))

    assert len(times) == REPLICAS


async def test_an_upgrade_from_the_first_schema_keeps_every_row(empty_database_url: str) -> None:
    """A database of the first release, with a row in each table, is brought to this version."""
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
    """None of ours, those of a release before, ours, those of one to come; none is changed."""
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
    """Whatever it was that could not be done, once; a key that is taken is none."""
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
    """A path that is mistyped is said to be one."""
    file = tmp_path / "mistyped.sqlite3"
    for _ in range(2):
        with pytest.raises(DatabaseNotFound, match=r"mistyped\.sqlite3 does not exist"):
            await inspect_schema(f"sqlite:///{file}")


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection past our own code."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def to_revision(connection: Connection, revision: str) -> None:
    """Makes the tables as they were in that version."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS))
    settings.attributes["connection"] = connection
    command.upgrade(settings, revision)


def tables(connection: Connection) -> list[Table]:
    """The tables as they are in the database, those that others refer to first."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def filled(connection: Connection, table: Table) -> dict[str, Any]:
    """The one row that is put into it."""
    row = {column.name: value(column.type.python_type) for column in table.columns}
    connection.execute(insert(table).values(row))
    (found,) = rows(connection, table)
    return found


def value(kind: type) -> Any:
    """Something of that type; the number of the only row, for what refers to another."""
    return "1" if kind is str else kind(1)


def rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """All that is in it."""
    return [dict(row) for row in connection.execute(select(table)).mappings()]
