"""Reads the bodies of requests within bounds, and refuses the others."""

import asyncio

from aiohttp import web

from kwtsms_bot.bridge.integrations.request import MAX_BODY
from kwtsms_bot.bridge.refusals import format_size
from kwtsms_bot.http_server import stop_reading

READ_SECONDS = 10.0
MAX_CHUNKS = 10_000
DISCARDED = 4  # A body that is so many times too large is read to its end, and not kept.


class EndpointRefusal(Exception):
    """A request that is refused; the client sees the status and one word."""

    def __init__(self, status: int, error: str, detail: str = "", *, size: int = 0) -> None:
        super().__init__(error)
        self.status, self.error = status, error
        self.detail = detail  # For administrators; it quotes nothing.
        self.size = size  # Of a body that is too large.


async def read_body(request: web.Request, limit: int = MAX_BODY) -> bytes:
    """Returns the body, within its limits.

    What is somewhat too large is read to its end, and not kept: a client that is still sending
    would not see the answer.

    Raises:
        EndpointRefusal: it is too large, in too many pieces, or too slow.
    """
    body, size, chunks = bytearray(), 0, 0
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for data, ends_chunk in request.content.iter_chunks():
                size += len(data)
                chunks += ends_chunk
                if size <= limit:
                    body += data
                if size > DISCARDED * limit or chunks > MAX_CHUNKS:
                    stop_reading(request)
                    break
    except TimeoutError as error:
        raise EndpointRefusal(408, "too_slow", "a body that came too slowly") from error
    if size > limit:
        size = max(size, request.content_length or 0)
        raise EndpointRefusal(413, "too_large", f"a body of {format_size(size)}", size=size)
    if chunks > MAX_CHUNKS:
        raise EndpointRefusal(413, "too_large", "a body in too many pieces")
    return bytes(body)
