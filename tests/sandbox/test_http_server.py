"""Serving an application on loopback."""

import asyncio

import httpx
import pytest
from aiohttp import web

from kwtsms_sandbox.http_server import listen, serve

pytestmark = pytest.mark.network
ENTERED = web.AppKey("entered", asyncio.Event)


def application() -> web.Application:
    """Returns an application that answers "hello" on /, and never on /slow."""
    app = web.Application()
    app[ENTERED] = asyncio.Event()

    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    async def slow(request: web.Request) -> web.Response:
        request.app[ENTERED].set()
        await asyncio.Event().wait()
        return web.Response()

    app.router.add_get("/", hello)
    app.router.add_get("/slow", slow)
    return app


async def test_served() -> None:
    """An application is served on a free port of 127.0.0.1."""
    async with serve(application()) as served, httpx.AsyncClient(trust_env=False) as http:
        assert served.url == f"http://127.0.0.1:{served.port}"
        assert (await http.get(served.url)).text == "hello"


async def test_a_chosen_port_can_be_used_again_at_once() -> None:
    """A port can be used again at once after a stop."""
    first = await listen(application())
    await first.stop()
    second = await listen(application(), port=first.port)

    assert second.port == first.port
    await second.stop()


async def test_a_port_that_is_in_use() -> None:
    """A port in use is refused, not shared."""
    async with serve(application()) as served:
        with pytest.raises(OSError, match="in use"):
            await listen(application(), port=served.port)


async def test_stopping_does_not_wait_for_ever() -> None:
    """A handler that never ends is cut off, and a second stop is harmless."""
    app = application()
    served = await listen(app)
    async with httpx.AsyncClient(trust_env=False) as http:
        asking = asyncio.create_task(http.get(f"{served.url}/slow"))
        await app[ENTERED].wait()
        await asyncio.wait_for(served.stop(), 3)
        await served.stop()

        with pytest.raises(httpx.RemoteProtocolError):
            await asking
