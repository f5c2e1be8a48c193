"""Serves an aiohttp application on a loopback socket, and stops it quickly.

Binds nothing but 127.0.0.1: the sandbox is not for the network.
"""

import contextlib
import socket
import ssl
from collections.abc import AsyncIterator

from aiohttp import web

LOOPBACK = "127.0.0.1"
GRACE = 0.5  # Seconds for handlers to finish at a stop; then they are cancelled.
# Loopback allows segments of 64 KiB; some virtual machines drop those above 32,750 bytes for ever.
MAX_SEGMENT = 16_000


class Served:
    """Application that is being served; `stop()` ends it."""

    def __init__(self, runner: web.AppRunner, *, port: int, scheme: str) -> None:
        self._runner = runner
        self.port = port
        self.url = f"{scheme}://{LOOPBACK}:{port}"

    async def stop(self) -> None:
        """Closes the socket and every connection; a second call does nothing."""
        await self._runner.cleanup()


async def listen(
    app: web.Application, *, port: int = 0, ssl_context: ssl.SSLContext | None = None
) -> Served:
    """Serves `app` on 127.0.0.1; port 0 takes a free one, `ssl_context` makes it HTTPS.

    Raises:
        OSError: the port is taken.
    """
    listener = _listener(port)
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=GRACE,
        auto_decompress=False,  # Like a web server in front of PHP: bodies are not unpacked.
    )
    try:
        await runner.setup()
        await web.SockSite(runner, listener, ssl_context=ssl_context).start()
    except BaseException:
        listener.close()
        await runner.cleanup()
        raise
    scheme = "https" if ssl_context else "http"
    return Served(runner, port=listener.getsockname()[1], scheme=scheme)


@contextlib.asynccontextmanager
async def serve(app: web.Application, *, port: int = 0) -> AsyncIterator[Served]:
    """Serves `app` as long as the block lasts."""
    served = await listen(app, port=port)
    try:
        yield served
    finally:
        await served.stop()


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(AttributeError, OSError):  # Not every system supports this option.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, MAX_SEGMENT)
        listener.bind((LOOPBACK, port))
    except BaseException:
        listener.close()
        raise
    return listener
