"""HTTP server for requests from outside: malformed ones are refused, and quoted nowhere.

aiohttp's own server writes what it cannot parse into its log and its answer, and decompresses
bodies before a handler asks for them. It also keeps any number of connections, for an hour each,
whether or not they send a request; here each server has a limit of its own.
"""

import asyncio
import sys
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from kwtsms_bot.logs import LogThrottle

if sys.platform != "win32":
    import resource

HEADER_SECONDS = 5.0  # For a request's headers; a client's come at once.
BACKLOG = 128  # Connections that are accepted at once, before any is closed.
KEEP_ALIVE_SECONDS = 75.0  # nginx, in front, drops idle connections after 60.
# Errors of the client: malformed HTTP, a truncated body, a closed connection.
_PEER_ERRORS = (HttpProcessingError, web.RequestPayloadError, ConnectionError)
log = structlog.get_logger(__name__)


async def listen(
    app: web.Application,
    address: str,
    *,
    connections: int,
    linger: float,
    finish: float,
    header_timeout: float = HEADER_SECONDS,
) -> web.AppRunner:
    """Starts a server at host:port, an IPv6 host in brackets; the runner's `cleanup()` stops it.

    It keeps at most so many `connections`: for a new one, it closes the oldest without a complete
    request. A body that is still arriving after an answer is read for `linger` seconds, so that the
    answer arrives; at shutdown, requests have `finish` seconds for their answers.

    Raises:
        OSError: the server cannot listen at this address.
    """
    app.on_response_prepare.append(_remove_server_name)
    host, _, port = address.rpartition(":")
    connections = within_open_files(connections)
    limits = _Limits(connections, header_timeout, linger)
    runner = _Runner(app, limits, finish=finish)
    await runner.setup()
    try:
        backlog = max(1, min(BACKLOG, connections // 2))
        await web.TCPSite(runner, host.strip("[]"), int(port), backlog=backlog).start()
    except (OSError, OverflowError) as error:  # A port above 65535 overflows.
        await runner.cleanup()
        raise OSError(str(error)) from error
    return runner


async def _remove_server_name(_: web.Request, answer: web.StreamResponse) -> None:
    """Removes the header in which aiohttp names itself and its version."""
    answer.headers.pop("Server", None)


def within_open_files(wanted: int) -> int:
    """Returns the number of connections, which leaves open files for the rest of the process."""
    if sys.platform == "win32":
        return wanted
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft // 3))


@dataclass(frozen=True, slots=True)
class _Limits:
    """The limits of a server: connections, and seconds for headers and for late bodies."""

    connections: int
    header_timeout: float
    linger: float


class _Runner(web.AppRunner):
    def __init__(self, app: web.Application, limits: _Limits, *, finish: float) -> None:
        super().__init__(app, shutdown_timeout=finish)
        self._limits = limits

    async def _make_server(self) -> web.Server:
        """Creates our server from the one that aiohttp sets up for the app."""
        return _Server(await super()._make_server(), self._limits)


class _Server(web.Server):
    def __init__(self, server: web.Server, limits: _Limits) -> None:
        super().__init__(server.request_handler, request_factory=server.request_factory)
        self.limits = limits
        self.throttle = LogThrottle()
        self._open: dict[_Connection, None] = {}  # By their last request, the oldest first.
        self._options: dict[str, Any] = {
            "access_log": None,
            "auto_decompress": False,
            "keepalive_timeout": KEEP_ALIVE_SECONDS,
            "lingering_time": limits.linger,
        }

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=asyncio.get_running_loop(), **self._options)

    def register(self, connection: "_Connection") -> None:
        """Adds a connection as the most recent one, and keeps to the limit."""
        self._open.pop(connection, None)
        self._open[connection] = None
        if len(self._open) > self.limits.connections:
            self._close_one()

    def forget(self, connection: "_Connection") -> None:
        """Removes a connection that is closed."""
        self._open.pop(connection, None)

    def _close_one(self) -> None:
        """Closes the oldest connection without a request; else an idle one; else the newest."""
        *older, newest = self._open
        unused = (one for one in older if not one.is_used)
        idle = (one for one in older if one.is_idle)
        closing = next(unused, None) or next(idle, newest)
        self.forget(closing)
        closing.force_close()
        if count := self.throttle.count_due("connections"):
            log.warning("too many connections", limit=self.limits.connections, closed=count)


class _Connection(web.RequestHandler):
    """A connection; its headers have a deadline."""

    def __init__(self, server: _Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def is_used(self) -> bool:
        """Whether a request has arrived with all its headers."""
        return self._request_count > 0

    @property
    def is_idle(self) -> bool:
        """Whether it waits for a request, or for the rest of its headers."""
        return self._waiter is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Starts the deadline for the first headers."""
        super().connection_made(transport)
        self._start_deadline()
        self._server.register(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stops the deadline."""
        self._stop_deadline()
        self._server.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Ends the deadline with the last header, and starts it with the first of a new request."""
        before = self._request_count
        super().data_received(data)
        if self._request_count > before:
            self._stop_deadline()
            self._server.register(self)
        elif self.is_idle and self._deadline is None:
            self._start_deadline()

    def stop_reading(self) -> None:
        """Reads nothing more; the connection is closed after the answer."""
        self._lingering_time = 0.0
        if isinstance(self.transport, asyncio.Transport):
            self.transport.pause_reading()

    def _start_deadline(self) -> None:
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._server.limits.header_timeout, self.force_close)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

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
        answer = super().handle_error(request, status, exc)
        answer.headers["Server"] = ""  # aiohttp names itself in it, with its version.
        return answer

    def log_exception(self, *args: Any, **kwargs: Any) -> None:
        """Logs our own failures as aiohttp does, and the client's by type alone."""
        error = kwargs.get("exc_info")
        if not isinstance(error, _PEER_ERRORS):
            super().log_exception(*args, **kwargs)
        elif count := self._server.throttle.count_due(type(error).__name__):
            log.info("request refused", error=type(error).__name__, count=count)


def stop_reading(request: web.Request) -> None:
    """Reads nothing more of a refused request, however much its client sends."""
    if isinstance(request.protocol, _Connection):
        request.protocol.stop_reading()
