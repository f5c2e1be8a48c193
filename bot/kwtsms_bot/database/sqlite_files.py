"""SQLite's files: created for their owner only, and cleaned of data erased from the tables.

Earlier versions of pages stay in the write-ahead log until it is emptied. Where rows have moved
between pages, a fragment may stay in the unused part of one until the file is rewritten.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Engine

from kwtsms_bot.database.errors import DatabaseError

# Nobody writes while it waits for readers; a later attempt will do as well.
WAIT_MILLISECONDS = 1_000
OWNER_ONLY = 0o600  # The file contains texts and numbers.
_SIZE = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"


def create_file(file: Path) -> None:
    """Creates an empty file, which is a new database to SQLite; its side files get the same mode.

    Raises:
        DatabaseError: it cannot be created.
    """
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL, OWNER_ONLY))
    except FileExistsError:  # Another process was faster.
        return
    except OSError as error:
        raise DatabaseError(f"{file} cannot be made: {error.strerror}") from error


def empty_wal(engine: Engine) -> bool:
    """Empties the write-ahead log; returns False if a reader still needs it."""
    with _cursor(engine) as cursor:
        (busy, *_) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def vacuum(engine: Engine, max_bytes: int) -> bool:
    """Rewrites the file; returns False if it is too large, busy, or the disk is full.

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
    """Opens a connection of its own, so that its busy timeout affects no other."""
    connection = engine.raw_connection()
    try:
        cursor: Any = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={WAIT_MILLISECONDS}")
        yield cursor
        cursor.close()
    finally:
        connection.invalidate()
