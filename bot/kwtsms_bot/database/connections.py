"""Connections to the database, set up so that commits are durable and hangs are noticed."""

import os
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from kwtsms_bot.database.errors import DatabaseError, DatabaseMisconfigured, DatabaseNotFound
from kwtsms_bot.database.sqlite_files import DatabaseFile, create_file

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
DIRECT_DRIVERS = DRIVERS | {"sqlite": "sqlite"}  # Without asyncio, in a thread.
READ_ONLY = "kwtsms_reading"
BUSY_MILLISECONDS = 10_000
# A replica that stalls, or whose machine is gone, holds its locks no longer than this.
IDLE_MILLISECONDS = 10_000
# Settings that we rely on, whatever is set for the server, the database or the role.
POSTGRESQL_SETTINGS = {
    "idle_in_transaction_session_timeout": str(IDLE_MILLISECONDS),
    "synchronous_commit": "on",
    "default_transaction_isolation": r"read\ committed",
}
# In seconds; tcp_user_timeout in milliseconds. A server whose machine is gone never answers.
LIBPQ_OPTIONS = {
    "connect_timeout": 10,
    "tcp_user_timeout": 20_000,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}


def make_engines(url: str, *, create: bool) -> tuple[AsyncEngine, Engine, DatabaseFile | None]:
    """Returns two engines for one database, for asyncio and for threads, and SQLite's file.

    Connects to nothing yet. Once the file is there, SQLite does not create it again.

    Raises:
        DatabaseNotFound: there is no such file.
        DatabaseFileLost: there was one, and it is gone.
        DatabaseError: the URL names no file, or one that cannot be used; or the driver is missing.
    """
    parsed = make_url(url)
    name = parsed.get_backend_name()
    file = _check_file(parsed, create=create) if name == "sqlite" else None
    if file is not None:
        parsed = parsed.set(database=file.uri).update_query_dict({"mode": "rw", "uri": "true"})
    options: dict[str, Any] = {
        "pool_pre_ping": name != "sqlite",
        "hide_parameters": True,  # Numbers and texts are in them, and errors reach the log.
        "connect_args": _postgresql_options(parsed) if name == "postgresql" else {},
    }
    try:
        engine = create_async_engine(parsed.set(drivername=DRIVERS[name]), **options)
        direct = create_engine(parsed.set(drivername=DIRECT_DRIVERS[name]), **options)
    except ImportError as error:
        raise DatabaseError(f"its driver cannot be loaded: {error}") from error
    if file is not None:
        _prepare_sqlite(engine.sync_engine, file)
        _prepare_sqlite(direct, file)
    return engine, direct, file


def _postgresql_options(url: URL) -> dict[str, Any]:
    """Returns the options for PostgreSQL and libpq; timeouts in the URL take precedence."""
    options = " ".join(f"-c {name}={value}" for name, value in POSTGRESQL_SETTINGS.items())
    timeouts = {name: value for name, value in LIBPQ_OPTIONS.items() if name not in url.query}
    return {"options": options, **timeouts}


def _check_file(url: URL, *, create: bool) -> DatabaseFile:
    """Checks SQLite's file; SQLite itself would say only "unable to open database file"."""
    file = url.database
    if not file or file == ":memory:" or url.query.get("mode") == "memory":
        raise DatabaseError(
            "a database in memory doesn't outlive the process: use a file, such as "
            "sqlite:///kwtsms-bridge.sqlite3"
        )
    path = Path(file)
    if path.is_dir():
        raise DatabaseMisconfigured(
            f"{file} is a folder, not a file",
            "Set outbox.database to a file, such as sqlite:////data/kwtsms-bridge.sqlite3. "
            "Docker creates a folder when a mounted file is missing.",
        )
    if not path.parent.is_dir():
        raise DatabaseError(f"the folder {path.parent} does not exist")
    opened = DatabaseFile(path)
    opened.check_presence()
    if create and not path.exists():
        create_file(path)
    if not path.is_file():
        raise DatabaseNotFound(f"the file {file} does not exist")
    # SQLite creates two more files in the folder. The file is not opened to check it: closing it
    # would drop the locks that another connection of this process holds.
    for required in (path, path.parent):
        if not os.access(required, os.R_OK | os.W_OK):
            raise DatabaseError(f"{required} cannot be read and written")
    return opened


def _prepare_sqlite(engine: Engine, file: DatabaseFile) -> None:
    @event.listens_for(engine, "do_connect")
    def connecting(*_: Any) -> None:
        file.verify_path()

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
        reads = connection.get_execution_options().get(READ_ONLY)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
