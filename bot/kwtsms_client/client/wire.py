"""Builds requests, reads replies, and translates transport errors into the library's own.

An error is `NotSent` if it is certain that no byte of the request has left this machine, and
`UnknownOutcome` in every other case. A kept connection that the gateway has closed meanwhile fails
after bytes were written, so it counts as unknown; connections are kept for less time than servers
commonly keep them.
"""

import math
import time
import zlib
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, TypeVar

import httpx

from kwtsms_client import protocol
from kwtsms_client.client.scope import TOO_LATE
from kwtsms_client.errors import KwtSMSError, NotSent, UnknownOutcome
from kwtsms_client.protocol import MAX_REPLY_BYTES, Call

T = TypeVar("T")
Leaving = Callable[[], Awaitable[None]]
INTERRUPTED = UnknownOutcome("It was broken off.")  # Cancelled, or interrupted by Ctrl-C.
# An event's name in httpcore's `trace` extension.
# https://www.encode.io/httpcore/extensions/#trace
REQUEST_STARTED = "http11.send_request_headers.started"
_HEADERS = httpx.Headers({**protocol.HEADERS, "Connection": "keep-alive"})
_url = lru_cache(maxsize=64)(httpx.URL)  # Parsing a URL takes longer than looking it up.
_CONNECTING = ("connection.", "proxy.", "socks.")
_STEPS = ("write", "read")
_ALL_STEPS = ("pool", "connect", *_STEPS)
_GZIP = 16 + zlib.MAX_WBITS


def build_request(
    url: str, body: bytes, seconds: float, trace: Callable[..., object]
) -> httpx.Request:
    """A request for httpx's transports; each of its steps may take so many seconds."""
    timeout = dict.fromkeys(_ALL_STEPS, seconds)
    extensions = {"timeout": timeout, "trace": trace}
    return httpx.Request("POST", _url(url), headers=_HEADERS, content=body, extensions=extensions)


class SendTracker:
    """Tracker of a request through httpx's trace: whether a byte of it may have left.

    Assumes that it may, unless the last event belongs to opening the connection. Unknown events do
    not count as such, so a surprise never makes a request that was sent look unsent.
    """

    def __init__(self) -> None:
        self.may_have_been_sent = True

    def follow(self, event: str, info: dict[str, Any]) -> None:
        """Handles one more event of the request."""
        if not event.endswith(".started") or event == "http11.response_closed.started":
            return
        request = info.get("request")
        tunnel = request is not None and request.method == b"CONNECT"  # Goes to the proxy only.
        self.may_have_been_sent = not (tunnel or event.startswith(_CONNECTING))


class AsyncSendTracker(SendTracker):
    """Tracker for asyncio, which awaits a callback right before the first byte leaves.

    Nothing has left while the callback runs, on a new connection or on a kept one. An error that it
    raises closes the connection with nothing written.
    """

    def __init__(self, leaving: Leaving | None = None) -> None:
        super().__init__()
        self._leaving = leaving

    async def follow_and_wait(self, event: str, info: dict[str, Any]) -> None:
        """Handles one more event of the request; httpx awaits it."""
        # A proxy gets a CONNECT request first: that is not yet ours.
        starting = event == REQUEST_STARTED and info["request"].method == b"POST"
        if starting and self._leaving is not None:
            self.may_have_been_sent = False
            await self._leaving()
        self.follow(event, info)


class TimedSendTracker(SendTracker):
    """Tracker for threads, which enforces the deadline: each step gets the time that is left."""

    def __init__(self, until: float) -> None:
        super().__init__()
        self._until = until

    def follow(self, event: str, info: dict[str, Any]) -> None:
        """Handles one more event of the request.

        Raises:
            NotSent: there is no time left to start the request.
        """
        super().follow(event, info)
        if not event.endswith(".started"):
            return
        left = self._until - time.monotonic()
        starting = event == REQUEST_STARTED
        if left <= 0 and (starting or not self.may_have_been_sent):
            raise NotSent(TOO_LATE)
        # httpcore reads the timeout of each step from these when the step begins.
        if "timeout" in info:
            info["timeout"] = left
        if "request" in info:
            info["request"].extensions["timeout"].update(dict.fromkeys(_STEPS, max(left, 0.001)))


class ResponseBody:
    """Body of a reply, limited in size and time."""

    def __init__(self, until: float = math.inf) -> None:
        self._until = until
        self._body = bytearray()

    def add(self, part: bytes) -> None:
        """Adds one more part of the body.

        Raises:
            UnknownOutcome: the body is too large, or too late.
        """
        self._body += part
        if len(self._body) > MAX_REPLY_BYTES:
            raise UnknownOutcome(f"The reply is larger than {MAX_REPLY_BYTES} bytes.")
        if time.monotonic() > self._until:
            raise UnknownOutcome("The reply did not come to an end in time.")

    def read(self, call: Call[T], reply: httpx.Response) -> T:
        """Reads the answer to a call from the body."""
        if reply.is_redirect:
            raise UnknownOutcome(f"The gateway redirected (HTTP {reply.status_code}).")
        encoding = reply.headers.get("content-encoding", "identity").strip().lower()
        return protocol.read_reply(
            call, reply.status_code, _decompress(encoding, bytes(self._body))
        )


def _decompress(encoding: str, body: bytes) -> bytes:
    """Decompresses a body that is compressed although not requested, up to the size limit."""
    if encoding in ("identity", ""):
        return body
    if encoding != "gzip":
        raise UnknownOutcome(f"The reply is compressed ({encoding[:40]}).")
    try:
        return zlib.decompressobj(_GZIP).decompress(body, MAX_REPLY_BYTES + 1)
    except zlib.error as error:
        raise UnknownOutcome("The reply is compressed, and broken.") from error


def translate_error(error: Exception, tracker: SendTracker) -> KwtSMSError:
    """Returns the library's error for an error of the transport."""
    if isinstance(error, KwtSMSError):
        return error
    if not tracker.may_have_been_sent or isinstance(error, httpx.PoolTimeout):
        return NotSent(f"No connection to the gateway ({_describe_error(error)}).")
    return UnknownOutcome(f"No answer came ({_describe_error(error)}).")


def _describe_error(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return "it took too long"
    if isinstance(error, httpx.ProxyError):
        return f"the proxy rejected it: {error}"
    return str(error).strip(" .")[:200] or type(error).__name__
