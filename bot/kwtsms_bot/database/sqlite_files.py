"""SQLite's files: created for their owner only, and cleaned of data erased from the tables.

Earlier versions of pages stay in the write-ahead log until it is emptied. Where rows have moved
between pages, a fragment may stay in the unused part of one until the file is rewritten.

A file that is removed or replaced while it is open stays usable for SQLite, and everything written
to it is lost; `DatabaseFile` notices that.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy.engine import Engine

from kwtsms_bot.database.errors import DatabaseError, DatabaseFileLost

# Nobody writes while it waits for readers; a later attempt will do as well.
WAIT_MILLISECONDS = 1_000
OWNER_ONLY = 0o600  # The file contains texts and numbers.
_SIZE = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"


# What a file says that is not the one which the bot opened; anything else passes, such as a lock.
_FOREIGN = {"SQLITE_ERROR", "SQLITE_NOTADB", "SQLITE_CORRUPT"}
_FIND_START = "SELECT 1 FROM database_start WHERE token = ?"


class DatabaseFile:
    """SQLite's file: whether it is still the one that was opened.

    Beside it, an empty file `NAME.created` records that it was in use, so that a missing database
    is not taken for a first start.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._record = self.path.with_name(f"{path.name}.created")
        self._token = ""
        self._identity: tuple[int, int] | None = None  # Of the opened file; None: not yet opened.

    @property
    def uri(self) -> str:
        """The file as SQLite's URI, without options."""
        return f"file:{quote(str(self.path))}"

    @property
    def was_in_use(self) -> bool:
        """Whether a bot has used this database before."""
        return self._record.exists()

    def check_presence(self) -> None:
        """Checks that a database which was in use is there.

        Raises:
            DatabaseFileLost: it is missing or empty.
        """
        if not self.was_in_use:
            return
        if not self.path.exists():
            raise self.lost("is missing, and a bot has used it")
        if not self.path.stat().st_size:
            raise self.lost("is empty, and a bot has used it")

    def lost(self, reason: str) -> DatabaseFileLost:
        """Returns the error for a database that was in use and is gone."""
        remedy = f"put it back, or remove {self._record.name} to begin with an empty database"
        return DatabaseFileLost(str(self.path), reason, remedy)

    def remember(self, token: str) -> None:
        """Remembers the opened file and the token of this start, which is one of its rows.

        Raises:
            DatabaseFileLost: the token is not in the file at this path.
            DatabaseError: the record of its use cannot be created.
        """
        self._token, self._identity = token, self._current_identity()
        self.verify()
        create_file(self._record)

    def verify(self) -> None:
        """Checks that path, file and contents are those of the start.

        Raises:
            DatabaseFileLost: the file was removed, replaced or overwritten.
            DatabaseError: it cannot be read.
        """
        if self._identity is None:
            return
        self.verify_path()
        try:
            # A connection of its own: those in use have pages in memory, and would not notice.
            with closing(sqlite3.connect(f"{self.uri}?mode=rw", uri=True)) as connection:
                found = connection.execute(_FIND_START, [self._token]).fetchone()
        except sqlite3.Error as error:
            self.verify_path()
            if error.sqlite_errorname not in _FOREIGN:
                raise DatabaseError(f"{type(error).__name__}: {error}") from error
            found = None
        if found is None:
            raise DatabaseFileLost(str(self.path), "was overwritten")

    def verify_path(self) -> None:
        """Checks that the path leads to the opened file.

        Raises:
            DatabaseFileLost: it leads to none, or to another.
        """
        current = self._current_identity()
        if self._identity is None or current == self._identity:
            return
        raise DatabaseFileLost(str(self.path), "was replaced" if current else "was removed")

    def _current_identity(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


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
