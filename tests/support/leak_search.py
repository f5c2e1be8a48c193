"""Searches for values that must not be stored: in every database column and in every file."""

from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database


async def cells(database: Database) -> dict[str, str]:
    """The content of every column of every table, by its name."""
    async with database.reading() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        found: dict[str, str] = {}
        for name in names:
            found |= await _columns(connection, name)
    return found


async def _columns(connection: AsyncConnection, table: str) -> dict[str, str]:
    rows = (await connection.execute(text(f'SELECT * FROM "{table}"'))).mappings().all()
    columns = rows[0].keys() if rows else ()
    return {f"{table}.{name}": "\n".join(str(row[name]) for row in rows) for name in columns}


async def traces(database: Database, *secrets: str) -> set[str]:
    """The columns that contain one of these values."""
    said = await cells(database) if secrets else {}
    return {where for where, content in said.items() if any(one in content for one in secrets)}


def on_disk(folder: Path, *secrets: str) -> set[str]:
    """The values found in the folder's files, including the write-ahead log."""
    content = b"".join(file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file())
    return {one for one in secrets if one.encode() in content}
