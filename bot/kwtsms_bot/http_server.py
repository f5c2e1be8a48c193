"""A server for what comes from outside: what is no HTTP is refused, and quoted nowhere.

aiohttp's own writes what it cannot read into its log and into its answer, and unpacks what is
packed before anybody has asked for it.
"""

import asyncio
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

KEEP_ALIVE_SECONDS = 75.0  # nginx, in front, gives an idle connection up after 60.
# The other side's doing: no HTTP, a body that breaks off, a client that has gone away.
_PEER_ERRORS = (HttpProcessingError, web.RequestPayloadError, ConnectionError)
log = structlog.get_logger(__name__)


async def listen(
    app: web.Application, address: str, *, linger: float, finish: float
) -> web.AppRunner:
    """A server at host:port, an IPv6 host in brackets; `cleanup()` of what it returns ends it.

    What is still being sent after an answer is taken for `linger` seconds, so that the answer
    arrives; at the end, requests have `finish` seconds for their answers.

    Raises:
        OSError: it cannot be listened on there.
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
        """What aiohttp leaves to each kind of runner."""
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
        message: str | None = None,  # noqa: ARG002 - It quotes what came.
    ) -> web.StreamResponse:
        """An answer without a word of what came."""
        if isinstance(exc, web.RequestPayloadError):  # A handler has met it while it read.
            status = 400
        return super().handle_error(request, status, exc)

    def log_exception(self, *args: Any, **kwargs: Any) -> None:
        """Our own failures as aiohttp does; the other side's by their kind alone."""
        error = kwargs.get("exc_info")
        if isinstance(error, _PEER_ERRORS):
            log.info("request refused", error=type(error).__name__)
        else:
            super().log_exception(*args, **kwargs)
