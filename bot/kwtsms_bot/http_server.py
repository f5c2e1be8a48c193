"""HTTP server for requests from outside: malformed ones are refused, and quoted nowhere.

aiohttp's own server writes what it cannot parse into its log and its answer, and decompresses
bodies before a handler asks for them.
"""

import asyncio
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

KEEP_ALIVE_SECONDS = 75.0  # nginx, in front, drops idle connections after 60.
# Errors of the client: malformed HTTP, a truncated body, a closed connection.
_PEER_ERRORS = (HttpProcessingError, web.RequestPayloadError, ConnectionError)
log = structlog.get_logger(__name__)


async def listen(
    app: web.Application, address: str, *, linger: float, finish: float
) -> web.AppRunner:
    """Starts a server at host:port, an IPv6 host in brackets; the runner's `cleanup()` stops it.

    A body that is still arriving after an answer is read for `linger` seconds, so that the answer
    arrives; at shutdown, requests have `finish` seconds for their answers.

    Raises:
        OSError: the server cannot listen at this address.
    """
    host, _, port = address.rpartition(":")
    runner = _Runner(app, linger=linger, finish=finish)
    await runner.setup()
    try:
        await web.TCPSite(runner, host.strip("[]"), int(port)).start()
    except (OSError, OverflowError) as error:  # A port above 65535 overflows.
        await runner.cleanup()
        raise OSError(str(error)) from error
    return runner


class _Runner(web.AppRunner):
    def __init__(self, app: web.Application, *, linger: float, finish: float) -> None:
        super().__init__(app, shutdown_timeout=finish)
        self._linger = linger

    async def _make_server(self) -> web.Server:
        """Creates our server from the one that aiohttp sets up for the app."""
        return _Server(await super()._make_server(), self._linger)


class _Server(web.Server):
    def __init__(self, server: web.Server, linger: float) -> None:
        super().__init__(server.request_handler, request_factory=server.request_factory)
        self._options: dict[str, Any] = {
            "access_log": None,
            "auto_decompress": False,
            "keepalive_timeout": KEEP_ALIVE_SECONDS,
            "lingering_time": linger,
        }

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=asyncio.get_running_loop(), **self._options)


class _Connection(web.RequestHandler):
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - Quotes the request.
    ) -> web.StreamResponse:
        """Answers a failed request without quoting it."""
        if isinstance(exc, web.RequestPayloadError):  # Raised while a handler read the body.
            status = 400
        return super().handle_error(request, status, exc)

    def log_exception(self, *args: Any, **kwargs: Any) -> None:
        """Logs our own failures as aiohttp does, and the client's by type alone."""
        error = kwargs.get("exc_info")
        if isinstance(error, _PEER_ERRORS):
            log.info("request refused", error=type(error).__name__)
        else:
            super().log_exception(*args, **kwargs)
