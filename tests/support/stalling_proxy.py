"""A TLS gateway behind a proxy that can be stalled."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kwtsms_client import AsyncClient, Credentials
from kwtsms_client.client.async_executor import AsyncPacer
from kwtsms_sandbox.gateway import Gateway, RunningGateway
from kwtsms_sandbox.gateway.tls import local_tls


class StallingProxy:
    """A proxy in front of a gateway."""

    def __init__(
        self, running: RunningGateway, credentials: Credentials, tls: ssl.SSLContext
    ) -> None:
        self.gateway = running.gateway
        self._upstream_port = int(running.url.rpartition(":")[2])
        self.tls, self._credentials = tls, credentials
        self._resumed = asyncio.Event()
        self._resumed.set()
        self._open: set[asyncio.Task[None]] = set()
        self.url = ""

    def client(self, pacer: AsyncPacer | None = None) -> AsyncClient:
        """A client that uses the proxy."""
        return AsyncClient(self._credentials, base_url=self.url, tls=self.tls, pacer=pacer)

    def stall(self, seconds: float) -> None:
        """Stops all traffic for some seconds; then all of it continues at once."""
        self._resumed.clear()
        asyncio.get_running_loop().call_later(seconds, self._resumed.set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relays a connection until either side closes it."""
        task = asyncio.current_task()
        assert task
        self._open.add(task)
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        copies = [self._copy(reader, to_server), self._copy(from_server, writer)]
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*copies)
        for end in (writer, to_server):
            end.close()
            with contextlib.suppress(OSError):
                await end.wait_closed()
        self._open.discard(task)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._resumed.wait()
                writer.write(data)
                await writer.drain()
        writer.close()

    async def close(self) -> None:
        """Cuts all open connections."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


@asynccontextmanager
async def stalling_proxy(folder: Path) -> AsyncIterator[StallingProxy]:
    """Runs a gateway and the proxy in front of it."""
    context, authority = local_tls(folder)
    async with RunningGateway(Gateway(), ssl_context=context) as running:
        account = running.gateway.account
        credentials = Credentials(account.username, account.password)
        tls = ssl.create_default_context(cafile=str(authority))
        proxy = StallingProxy(running, credentials, tls)
        async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as server:
            proxy.url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/API/"
            yield proxy
            await proxy.close()
