"""How connections are made, so that what is committed stays and what hangs is noticed."""

import os
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from kwtsms_bot.database.errors import DatabaseError, DatabaseNotFound
from kwtsms_bot.database.sqlite_files import create_file

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
DIRECT_DRIVERS = DRIVERS | {"sqlite": "sqlite"}  # Without asyncio, in a thread.
READ_ONLY = "kwtsms_reading"
BUSY_MILLISECONDS = 10_000
# A replica that stands still, or whose machine is gone, does not hold its locks for longer.
IDLE_MILLISECONDS = 10_000
# What we rely on, whatever the server, the database or the role has been set to.
POSTGRESQL_SETTINGS = {
    "idle_in_transaction_session_timeout": str(IDLE_MILLISECONDS),
    "synchronous_commit": "on",
    "default_transaction_isolation": r"read\ committed",
}
# Seconds, but for tcp_user_timeout: a server whose machine is gone says nothing any more.
LIBPQ_OPTIONS = {
    "connect_timeout": 10,
    "tcp_user_timeout": 20_000,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}


def make_engines(url: str, *, create: bool) -> tuple[AsyncEngine, Engine]:
    """Two ways to one database: from asyncio, and from a thread. Connects to nothing yet.

    Raises:
        NotThere: there is no such file.
        DatabaseTrouble: it is a file that cannot be there, or none at all; or there is no driver.
    """
    parsed = make_url(url)
    name = parsed.get_backend_name()
    if name == "sqlite":
        _check_file(parsed, create=create)
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
    if name == "sqlite":
        _prepare_sqlite(engine.sync_engine)
        _prepare_sqlite(direct)
    return engine, direct


def _postgresql_options(url: URL) -> dict[str, Any]:
    """What PostgreSQL and its library are told; how long to wait is as the URL says, if it does."""
    options = " ".join(f"-c {name}={value}" for name, value in POSTGRESQL_SETTINGS.items())
    timeouts = {name: value for name, value in LIBPQ_OPTIONS.items() if name not in url.query}
    return {"options": options, **timeouts}


def _check_file(url: URL, *, create: bool) -> None:
    """SQLite's own words for a missing folder are "unable to open database file"."""
    file = url.database
    if not file or file == ":memory:" or url.query.get("mode") == "memory":
        raise DatabaseError(
            "a database in memory is gone with the process: name a file, such as "
            "sqlite:///kwtsms-bridge.sqlite3"
        )
    path = Path(file)
    if not path.parent.is_dir():
        raise DatabaseError(f"the folder {path.parent} does not exist")
    if create and not path.exists():
        create_file(path)
    if not path.is_file():
        raise DatabaseNotFound(f"the file {file} does not exist")
    # Beside it SQLite makes two more. Nothing is opened to see it: to close it again would take
    # from SQLite the locks that another connection of this process holds.
    for required in (path, path.parent):
        if not os.access(required, os.R_OK | os.W_OK):
            raise DatabaseError(f"{required} cannot be read and written")


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
        reads = connection.get_execution_options().get(READ_ONLY)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
