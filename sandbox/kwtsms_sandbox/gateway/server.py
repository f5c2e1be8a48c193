"""The gateway as a server: the simulation with its sockets, to be started and stopped."""

import asyncio
import ssl
from types import TracebackType
from typing import Self

from aiohttp import web

from kwtsms_sandbox.gateway.admin_api import AdminApi
from kwtsms_sandbox.gateway.fault_injection import CLOSING, TRAP
from kwtsms_sandbox.gateway.http_api import HttpApi
from kwtsms_sandbox.gateway.simulation import Simulation
from kwtsms_sandbox.http_server import Served, listen

MAX_BODY = 1024 * 1024


class Gateway(Simulation):
    """kwtSMS gateway in memory, with `app()` to serve it over HTTP."""

    def app(self) -> web.Application:
        """Returns the gateway as an aiohttp application; each call makes one, on the same state."""
        http_api = HttpApi(self)
        app = web.Application(client_max_size=MAX_BODY)
        app[CLOSING] = asyncio.Event()
        app.on_shutdown.append(_close)
        app.router.add_routes(AdminApi(self).routes())
        app.router.add_route("*", "/API/{endpoint}/", http_api.handle_api)
        app.router.add_route("*", TRAP, http_api.handle_trap)
        app.router.add_route("*", "/{path:.*}", http_api.handle_not_found)
        return app


class RunningGateway:
    """Gateway and the port it keeps: `stop()` takes the gateway down, `start()` brings it back.

    Use it as an async context manager.
    """

    def __init__(
        self, gateway: Gateway, *, port: int = 0, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self.gateway = gateway
        self._port = port
        self._ssl_context = ssl_context
        self._served: Served | None = None

    @property
    def url(self) -> str:
        """The scheme, address and port: `http://127.0.0.1:PORT`, or https."""
        scheme = "https" if self._ssl_context else "http"
        return f"{scheme}://127.0.0.1:{self._port}"

    @property
    def base_url(self) -> str:
        """The base URL for clients, in place of `https://www.kwtsms.com/API/`."""
        return f"{self.url}/API/"

    async def start(self) -> None:
        """Starts listening, on the same port as before."""
        if self._served is None:
            app = self.gateway.app()
            self._served = await listen(app, port=self._port, ssl_context=self._ssl_context)
            self._port = self._served.port

    async def stop(self) -> None:
        """Closes the port and cuts every connection; ledger and phones stay."""
        if self._served is not None:
            await self._served.stop()
            self._served = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()


async def _close(app: web.Application) -> None:
    """Releases the handlers that wait for ever."""
    app[CLOSING].set()
