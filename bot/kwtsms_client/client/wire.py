"""A reply as it comes in, and httpx's errors as ours.

What can fail before a byte of the request has left is `NotSent`; everything after is
`UnknownOutcome`. A kept connection that the gateway has closed meanwhile fails after bytes were
written, so it counts as unknown; connections are kept for less time than servers commonly do.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import httpx

from kwtsms_client import protocol
from kwtsms_client.errors import KwtSMSError, NotSent, UnknownOutcome
from kwtsms_client.protocol import MAX_REPLY_BYTES, Call

T = TypeVar("T")
Leaving = Callable[[], Awaitable[None]]
# Raised before a byte of the request has left: it is certain that nothing was sent.
NOTHING_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)


class Received:
    """A reply's body, up to the size that a reply may have."""

    def __init__(self) -> None:
        self._body = bytearray()

    def add(self, part: bytes) -> None:
        """One more part of it.

        Raises:
            UnknownOutcome: it is too large.
        """
        self._body += part
        if len(self._body) > MAX_REPLY_BYTES:
            raise UnknownOutcome(f"The reply is larger than {MAX_REPLY_BYTES} bytes.")

    def read(self, call: Call[T], reply: httpx.Response) -> T:
        """What it says."""
        if reply.is_redirect:
            raise UnknownOutcome(f"The gateway redirected (HTTP {reply.status_code}).")
        return protocol.read_reply(call, reply.status_code, bytes(self._body))


def before_the_first_byte(leaving: Leaving) -> dict[str, Any]:
    """What makes httpx await `leaving` then: on a new connection and on one that was kept.

    What it raises comes out of the request, and the connection is closed with nothing written.
    """

    async def trace(event: str, about: Mapping[str, Any]) -> None:
        # https://www.encode.io/httpcore/extensions/#trace. A proxy is asked first, by CONNECT.
        if event.endswith("send_request_headers.started") and about["request"].method == b"POST":
            await leaving()

    return {"trace": trace}


def translated(error: httpx.HTTPError) -> KwtSMSError:
    """What an error of httpx means for the request."""
    if isinstance(error, NOTHING_LEFT):
        return NotSent(f"No connection to the gateway ({type(error).__name__}).")
    return UnknownOutcome(f"No answer came ({type(error).__name__}).")
