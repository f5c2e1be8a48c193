"""The database: brought up to date at start, whatever state it is in."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeEngine

from kwtsms_bot.database import DatabaseTrouble, open_database
from kwtsms_bot.database.tables import metadata
from support.database import opened


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
    with pytest.raises(DatabaseTrouble, match="missing does not exist"):
        await open_database(f"sqlite:///{tmp_path / 'missing' / 'outbox.sqlite3'}")


async def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    """Not guessed at: the message says which version to run."""
    async with opened(database_url) as database, database.transaction() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'newer'")

    with pytest.raises(DatabaseTrouble, match="a newer kwtsms-bridge has used it"):
        await open_database(database_url)
