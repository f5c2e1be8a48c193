"""A proxy that cuts the first connections once the server has answered."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


@asynccontextmanager
async def cut_connections(url: str, count: int) -> AsyncIterator[str]:
    """Forwards to the server at `url`; the answers on the first `count` connections are lost."""
    server_at, left = urlsplit(url), count
    open_connections: set[asyncio.Task[None]] = set()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        task = asyncio.current_task()
        assert task
        open_connections.add(task)
        is_cut, left = left > 0, left - 1
        from_server, to_server = await asyncio.open_connection(server_at.hostname, server_at.port)
        sending = asyncio.create_task(_copy(reader, to_server))
        with contextlib.suppress(OSError):
            while data := await from_server.read(65_536):
                if is_cut:
                    break
                writer.write(data)
                await writer.drain()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()
        to_server.close()

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*open_connections)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
