"""A proxy that passes requests on, and cuts the connection before some of the answers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class CuttingProxy:
    """A proxy in front of an HTTP server; the next `cuts` answers get lost on the way."""

    def __init__(self, url: str, cuts: int) -> None:
        self._host, self._port = urlsplit(url).hostname, urlsplit(url).port
        self.cuts, self.requests = cuts, 0
        self.has_cut = asyncio.Event()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Passes requests on until either side closes the connection."""
        from_server, to_server = await asyncio.open_connection(self._host, self._port)
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                to_server.write(await _read_message(reader))
                self.requests += 1
                answer = await _read_message(from_server)
                if self.cuts:
                    self.cuts -= 1
                    self.has_cut.set()
                    break
                writer.write(answer)
        for end in (writer, to_server):
            end.close()


async def _read_message(reader: asyncio.StreamReader) -> bytes:
    """Reads one message, whose length is in its headers."""
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2]) if lengths else 0
    return head + await reader.readexactly(length)


@asynccontextmanager
async def cutting_proxy(url: str, *, cuts: int) -> AsyncIterator[CuttingProxy]:
    """Runs such a proxy on a free port."""
    proxy = CuttingProxy(url, cuts)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield proxy
