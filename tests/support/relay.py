"""A relay to PostgreSQL that breaks at a commit, before or after the server receives it."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from enum import Enum, auto
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import make_url

SOCKET = ".s.PGSQL.5432"  # The socket's name in a folder.


class Break(Enum):
    """The moment at which the connection breaks."""

    BEFORE = auto()  # The server does not receive COMMIT.
    AFTER = auto()  # The server commits, and its answer does not arrive.
    PERMANENTLY = auto()  # As AFTER, and no connection works from then on.


class Relay:
    """A relay between a client and its server."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self._due: Break | None = None
        self._closed = False
        self._open: set[asyncio.Task[None]] = set()

    def break_at_commit(self, when: Break) -> None:
        """Breaks the connection at the next commit."""
        self._due = when

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relays a connection until it ends or breaks."""
        task = asyncio.current_task()
        assert task
        self._open.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            if not self._closed:
                await self._connect(reader, writer)
        await _close(writer)
        self._open.discard(task)

    async def close(self) -> None:
        """Waits briefly for connections that are ending, and breaks the others."""
        if self._open:
            await asyncio.wait(self._open, timeout=1)
        self._cut(self._open)
        await asyncio.gather(*self._open, return_exceptions=True)

    def _cut(self, connections: "Iterable[asyncio.Task[None] | None]") -> None:
        for task in connections:
            if task is not None:
                task.cancel()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(self._server)
        answers = asyncio.create_task(_copy(from_server, writer))
        try:
            await self._forward(reader, to_server, answers)
        finally:
            answers.cancel()
            await asyncio.gather(answers, return_exceptions=True)
            await _close(to_server)

    async def _forward(
        self,
        reader: asyncio.StreamReader,
        server: asyncio.StreamWriter,
        answers: "asyncio.Task[None]",
    ) -> None:
        while data := await reader.read(65536):
            due = self._due if b"COMMIT\0" in data else None
            if due is None:
                server.write(data)
                await server.drain()
                continue
            self._due = None
            answers.cancel()
            if due is Break.PERMANENTLY:
                self._closed = True
                self._cut(self._open - {asyncio.current_task()})
            if due is not Break.BEFORE:
                server.write(data)
                await server.drain()
            return


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@asynccontextmanager
async def relayed(url: str) -> AsyncIterator[tuple[Relay, str]]:
    """Runs a relay to the server at `url`; yields it and the URL through it."""
    folder = conninfo_to_dict(url)["host"]
    with tempfile.TemporaryDirectory(prefix="kwtsms-") as here:
        relay = Relay(Path(str(folder)) / SOCKET)
        server = await asyncio.start_unix_server(relay.serve, Path(here) / SOCKET)
        async with server:
            through = make_url(url).update_query_dict({"host": here})
            yield relay, through.render_as_string(hide_password=False)
            await relay.close()
