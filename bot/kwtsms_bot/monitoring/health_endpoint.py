"""Serves the monitoring pages: numbers and states, never a phone number or a text.

Answers only GET and reads no body. Needs no password: the pages are for an internal network.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from kwtsms_bot.http_server import listen
from kwtsms_bot.monitoring.readiness import Readiness

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MAX_CONNECTIONS = 100  # Of its own, so that Slack's endpoint takes none from it.
MAX_BYTES = 1024  # No request here has a body.


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Limits of a server, as of `listen`, and the setting that names its address."""

    setting: str
    connections: int
    linger: float
    finish: float


# No body is read, so none is waited for.
PAGE_LIMITS = ServerLimits("http.listen", MAX_CONNECTIONS, linger=0, finish=1)


class CannotListen(Exception):
    """An address that is taken or not this machine's; the text says what to do."""


def build_application(routes: Iterable[web.RouteDef]) -> web.Application:
    """Returns a server application with these routes; callers may add their own."""
    app = web.Application(client_max_size=MAX_BYTES)
    app.add_routes(routes)
    return app


def get_route(path: str, handler: Handler) -> web.RouteDef:
    """A route for GET and nothing else."""
    return web.get(path, handler, allow_head=False)


def health_routes(readiness: Readiness) -> tuple[web.RouteDef, ...]:
    """Routes of /healthz (503 if only a restart helps) and /readyz (503 unless all are well)."""

    async def alive(_: web.Request) -> web.Response:
        alive = not await readiness.needs_restart()
        return web.json_response({"alive": alive}, status=200 if alive else 503)

    async def ready(_: web.Request) -> web.Response:
        health = await readiness.probe()
        return web.json_response(health.as_json(), status=200 if health.ready else 503)

    return get_route("/healthz", alive), get_route("/readyz", ready)


@asynccontextmanager
async def serve_http(
    app: web.Application, address: str, limits: ServerLimits = PAGE_LIMITS
) -> AsyncIterator[str]:
    """Serves `app` at host:port during the block; yields the URL, which resolves a port of 0.

    Raises:
        CannotListen: the address cannot be bound.
    """
    try:
        runner = await listen(
            app,
            address,
            connections=limits.connections,
            linger=limits.linger,
            finish=limits.finish,
        )
    except OSError as error:
        text = f"{limits.setting}: {address} cannot be listened on. Choose another."
        raise CannotListen(text) from error
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    finally:
        await runner.cleanup()
