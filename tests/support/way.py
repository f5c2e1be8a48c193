"""The way to a gateway, over TLS and a wire that can be held up."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kwtsms_client import AsyncClient, Credentials
from kwtsms_client.client.tasks import Turns
from kwtsms_sandbox.gateway import Gateway, RunningGateway
from kwtsms_sandbox.gateway.tls import local_tls


class Way:
    """A gateway, and a client at the other end of the wire."""

    def __init__(
        self, running: RunningGateway, credentials: Credentials, tls: ssl.SSLContext
    ) -> None:
        self.gateway = running.gateway
        self._behind = int(running.url.rpartition(":")[2])
        self.tls, self._credentials = tls, credentials
        self._free = asyncio.Event()
        self._free.set()
        self._open: set[asyncio.Task[None]] = set()
        self.url = ""

    def client(self, pacer: Turns | None = None) -> AsyncClient:
        """A client that goes this way."""
        return AsyncClient(self._credentials, base_url=self.url, tls=self.tls, pacer=pacer)

    def hold(self, seconds: float) -> None:
        """For so long nothing comes through; then all of it comes at once."""
        self._free.clear()
        asyncio.get_running_loop().call_later(seconds, self._free.set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side has enough of it."""
        task = asyncio.current_task()
        assert task
        self._open.add(task)
        there, thence = await asyncio.open_connection("127.0.0.1", self._behind)
        ways = [self._carry(reader, thence), self._carry(there, writer)]
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*ways)
        for end in (writer, thence):
            end.close()
            with contextlib.suppress(OSError):
                await end.wait_closed()
        self._open.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._free.wait()
                writer.write(data)
                await writer.drain()
        writer.close()

    async def close(self) -> None:
        """Cuts what is still open."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


@asynccontextmanager
async def way(folder: Path) -> AsyncIterator[Way]:
    """A wire to a gateway of its own."""
    context, authority = local_tls(folder)
    async with RunningGateway(Gateway(), ssl_context=context) as running:
        account = running.gateway.account
        credentials = Credentials(account.username, account.password)
        tls = ssl.create_default_context(cafile=str(authority))
        made = Way(running, credentials, tls)
        async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as server:
            made.url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/API/"
            yield made
            await made.close()
