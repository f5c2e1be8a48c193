"""The bot's pages for those who watch it: numbers and states, never a phone number or a text.

Only GET is answered, and no body is read. They ask for no password: they are for the inside.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

from kwtsms_bot.http_server import listen
from kwtsms_bot.monitoring.readiness import Readiness

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MAX_BYTES = 1024  # Nothing that is asked here has a body.


class CannotListen(Exception):
    """The address is taken, or is none of this machine; the text says what to do."""


def build_application(routes: Iterable[web.RouteDef]) -> web.Application:
    """A server's application of these routes; whoever has more to serve adds to them."""
    app = web.Application(client_max_size=MAX_BYTES)
    app.add_routes(routes)
    return app


def get_route(path: str, handler: Handler) -> web.RouteDef:
    """A route for GET and nothing else."""
    return web.get(path, handler, allow_head=False)


def health_routes(readiness: Readiness) -> tuple[web.RouteDef, ...]:
    """/healthz: the process answers. /readyz: every part is well, or 503 and which is not."""

    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def ready(_: web.Request) -> web.Response:
        health = await readiness.probe()
        return web.json_response(health.as_json(), status=200 if health.ready else 503)

    return get_route("/healthz", alive), get_route("/readyz", ready)


@asynccontextmanager
async def serve_http(app: web.Application, address: str) -> AsyncIterator[str]:
    """Listens at host:port as long as the block lasts; yields where, which tells a port of 0.

    Raises:
        CannotListen: it cannot.
    """
    try:
        # A body that nobody reads is not waited for either.
        runner = await listen(app, address, linger=0, finish=1)
    except OSError as error:
        text = f"http.listen: {address} cannot be listened on. Choose another."
        raise CannotListen(text) from error
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    finally:
        await runner.cleanup()
