"""SQLite's files: made for their owner's eyes only, and rid of what was erased from the tables.

Pages as they were before stand in the write-ahead log until it is emptied. Where rows have moved
between pages, a fragment may stand in the unused part of one until the file is written anew.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Engine

from kwtsms_bot.database.errors import DatabaseError

# While it waits for readers nobody writes; a later attempt will do as well.
WAIT_MILLISECONDS = 1_000
OWNER_ONLY = 0o600  # Texts and numbers are in it.
_SIZE = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"


def create_file(file: Path) -> None:
    """An empty file, which SQLite takes for a new database; those beside it get the same mode.

    Raises:
        DatabaseTrouble: it cannot be made.
    """
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL, OWNER_ONLY))
    except FileExistsError:  # Another process was faster.
        return
    except OSError as error:
        raise DatabaseError(f"{file} cannot be made: {error.strerror}") from error


def empty_wal(engine: Engine) -> bool:
    """Whether nothing is left in the log; False where a reader needs it still."""
    with _cursor(engine) as cursor:
        (busy, *_) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def vacuum(engine: Engine, max_bytes: int) -> bool:
    """Whether the file is written anew; False where it is larger, busy, or the disk is full.

    Nobody writes meanwhile: at 50 MB a second, which is slow, 64 MB take a little over a second.
    """
    with _cursor(engine) as cursor:
        (size,) = cursor.execute(_SIZE).fetchone()
        if size > max_bytes:
            return False
        try:
            cursor.execute("VACUUM")
        except sqlite3.Error:  # The file is as it was.
            return False
    return True


@contextmanager
def _cursor(engine: Engine) -> Iterator[sqlite3.Cursor]:
    """A connection of its own: its waiting time is not the others'."""
    connection = engine.raw_connection()
    try:
        cursor: Any = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={WAIT_MILLISECONDS}")
        yield cursor
        cursor.close()
    finally:
        connection.invalidate()
