"""The way to a gateway, over TLS and a wire that can be held up."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kwtsms_client import AsyncClient, Credentials
from kwtsms_client.client.asynchronous import Turns
from kwtsms_sandbox.gateway import Gateway, RunningGateway
from kwtsms_sandbox.gateway.tls import local_tls


class Way:
    """A gateway, and a client at the other end of the wire."""

    def __init__(self, gateway: Gateway, credentials: Credentials, tls: ssl.SSLContext) -> None:
        self.gateway = gateway
        self._credentials, self._tls = credentials, tls
        self._free = asyncio.Event()
        self._free.set()
        self.port = 0

    def client(self, pacer: Turns | None = None) -> AsyncClient:
        """A client that goes this way."""
        url = f"https://127.0.0.1:{self.port}/API/"
        return AsyncClient(self._credentials, base_url=url, tls=self._tls, pacer=pacer)

    def hold(self, seconds: float) -> None:
        """For so long nothing comes through; then all of it comes at once."""
        self._free.clear()
        asyncio.get_running_loop().call_later(seconds, self._free.set)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction of one connection."""
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._free.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def way(folder: Path) -> AsyncIterator[Way]:
    """A wire to a gateway of its own."""
    context, authority = local_tls(folder)
    async with RunningGateway(Gateway(), ssl_context=context) as running:
        account = running.gateway.account
        credentials = Credentials(account.username, account.password)
        tls = ssl.create_default_context(cafile=str(authority))
        made = Way(running.gateway, credentials, tls)
        behind = int(running.url.rpartition(":")[2])

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, thence = await asyncio.open_connection("127.0.0.1", behind)
            await asyncio.gather(made.carry(reader, thence), made.carry(there, writer))

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            made.port = server.sockets[0].getsockname()[1]
            yield made
