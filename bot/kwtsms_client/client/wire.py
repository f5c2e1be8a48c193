"""A request as it leaves, a reply as it comes in, and every error of the way as ours.

It is `NotSent` where it is certain that no byte of the request has left this machine, and
`UnknownOutcome` in every other case. A kept connection that the gateway has closed meanwhile fails
after bytes were written, so it counts as unknown; connections are kept for less time than servers
commonly do.
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
INTERRUPTED = UnknownOutcome("It was broken off.")  # Cancelled, or by Ctrl-C.
# Events of a connection in the making, as httpcore's `trace` names them.
# https://www.encode.io/httpcore/extensions/#trace
REQUEST_STARTED = "http11.send_request_headers.started"
_HEADERS = httpx.Headers({**protocol.HEADERS, "Connection": "keep-alive"})
_url = lru_cache(maxsize=64)(httpx.URL)  # To take one apart takes longer than to look it up.
_CONNECTING = ("connection.", "proxy.", "socks.")
_STEPS = ("write", "read")
_ALL_STEPS = ("pool", "connect", *_STEPS)
_GZIP = 16 + zlib.MAX_WBITS


def build_request(
    url: str, body: bytes, seconds: float, trace: Callable[..., object]
) -> httpx.Request:
    """A request as httpx's transports take it, each of its steps within so many seconds."""
    timeout = dict.fromkeys(_ALL_STEPS, seconds)
    extensions = {"timeout": timeout, "trace": trace}
    return httpx.Request("POST", _url(url), headers=_HEADERS, content=body, extensions=extensions)


class SendTracker:
    """Follows a request through httpx's trace: whether a byte of it may have left.

    It may, until a connection is seen in the making; and an event that is not known counts as one
    that comes after. So a surprise never makes what was sent look as if it was not.
    """

    def __init__(self) -> None:
        self.may_have_been_sent = True

    def follow(self, event: str, info: dict[str, Any]) -> None:
        """One more event on the way of the request."""
        if not event.endswith(".started") or event == "http11.response_closed.started":
            return
        request = info.get("request")
        tunnel = request is not None and request.method == b"CONNECT"  # With the proxy alone.
        self.may_have_been_sent = not (tunnel or event.startswith(_CONNECTING))


class AsyncSendTracker(SendTracker):
    """The same for asyncio, with somebody who has the last word before the first byte leaves.

    As long as that takes, nothing has left: on a new connection and on one that was kept. What is
    raised then closes the connection with nothing written.
    """

    def __init__(self, leaving: Leaving | None = None) -> None:
        super().__init__()
        self._leaving = leaving

    async def follow_and_wait(self, event: str, info: dict[str, Any]) -> None:
        """One more event on the way of the request; httpx awaits it."""
        # A proxy is asked first, by CONNECT: that is not yet the request.
        starting = event == REQUEST_STARTED and info["request"].method == b"POST"
        if starting and self._leaving is not None:
            self.may_have_been_sent = False
            await self._leaving()
        self.follow(event, info)


class TimedSendTracker(SendTracker):
    """The same where nothing else ends a request in time: each step gets what is left of it."""

    def __init__(self, until: float) -> None:
        super().__init__()
        self._until = until

    def follow(self, event: str, info: dict[str, Any]) -> None:
        """One more event on the way of the request.

        Raises:
            NotSent: there is no time left to begin it.
        """
        super().follow(event, info)
        if not event.endswith(".started"):
            return
        left = self._until - time.monotonic()
        starting = event == REQUEST_STARTED
        if left <= 0 and (starting or not self.may_have_been_sent):
            raise NotSent(TOO_LATE)
        # httpcore takes the time of each step from these, when the step begins.
        if "timeout" in info:
            info["timeout"] = left
        if "request" in info:
            info["request"].extensions["timeout"].update(dict.fromkeys(_STEPS, max(left, 0.001)))


class ResponseBody:
    """A reply's body, of the size that a reply may have, and no later than it may come."""

    def __init__(self, until: float = math.inf) -> None:
        self._until = until
        self._body = bytearray()

    def add(self, part: bytes) -> None:
        """One more part of it.

        Raises:
            UnknownOutcome: it is too large, or too late.
        """
        self._body += part
        if len(self._body) > MAX_REPLY_BYTES:
            raise UnknownOutcome(f"The reply is larger than {MAX_REPLY_BYTES} bytes.")
        if time.monotonic() > self._until:
            raise UnknownOutcome("The reply did not come to an end in time.")

    def read(self, call: Call[T], reply: httpx.Response) -> T:
        """What it says."""
        if reply.is_redirect:
            raise UnknownOutcome(f"The gateway redirected (HTTP {reply.status_code}).")
        encoding = reply.headers.get("content-encoding", "identity").strip().lower()
        return protocol.read_reply(
            call, reply.status_code, _decompress(encoding, bytes(self._body))
        )


def _decompress(encoding: str, body: bytes) -> bytes:
    """Without its compression, which nobody asked for, and at most as large as a reply may be."""
    if encoding in ("identity", ""):
        return body
    if encoding != "gzip":
        raise UnknownOutcome(f"The reply is compressed ({encoding[:40]}).")
    try:
        return zlib.decompressobj(_GZIP).decompress(body, MAX_REPLY_BYTES + 1)
    except zlib.error as error:
        raise UnknownOutcome("The reply is compressed, and broken.") from error


def translate_error(error: Exception, tracker: SendTracker) -> KwtSMSError:
    """What an error on the way means for the request."""
    if isinstance(error, KwtSMSError):
        return error
    if not tracker.may_have_been_sent or isinstance(error, httpx.PoolTimeout):
        return NotSent(f"No connection to the gateway ({_describe_error(error)}).")
    return UnknownOutcome(f"No answer came ({_describe_error(error)}).")


def _describe_error(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return "it took too long"
    if isinstance(error, httpx.ProxyError):
        return f"the proxy refused it: {error}"
    return str(error).strip(" .")[:200] or type(error).__name__
