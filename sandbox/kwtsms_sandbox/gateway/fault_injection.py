"""Carries out faults on a real connection: a reset is a TCP reset, and a cut body is really cut.

Decides nothing: `fault_plan` says which request meets which fault.
"""

import asyncio
import gzip
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from aiohttp import hdrs, web

from kwtsms_sandbox.gateway.fault_plan import Fault

HUGE_BYTES = 10 * 1024 * 1024
TRAP = "/trap/"  # the target of REDIRECT: claims success to a client that follows it
BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\n"
CLOSING = web.AppKey("closing", asyncio.Event)  # set when the application stops


@dataclass(frozen=True, slots=True)
class Reply:
    """Response before it is put on the wire."""

    status: int
    body: bytes
    content_type: str = "application/json"
    compressed: bool = False

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that describe the body."""
        headers: dict[str, str] = {hdrs.CONTENT_TYPE: self.content_type}
        if self.compressed:
            headers[hdrs.CONTENT_ENCODING] = "gzip"
        return headers

    @property
    def sent(self) -> bytes:
        """The body's bytes as sent over the wire."""
        return gzip.compress(self.body, mtime=0) if self.compressed else self.body

    def response(self) -> web.Response:
        """Returns the response for aiohttp to send."""
        return web.Response(status=self.status, body=self.sent, headers=self.headers)


def html(status: int, title: str) -> Reply:
    """Returns an error page as a web server writes it."""
    page = f"<html><head><title>{status} {title}</title></head><body>{title}</body></html>\n"
    return Reply(status, page.encode(), "text/html")


async def inject_fault(
    fault: Fault, request: web.Request, reply: Reply | None
) -> web.StreamResponse:
    """Carries out the fault; `reply` is the normal answer, if there is one."""
    match fault:
        case Fault.RESET_BEFORE | Fault.RESET_AFTER:
            return reset(request)
        case Fault.HANG | Fault.HANG_BEFORE:
            await request.app[CLOSING].wait()
            return reset(request)
        case Fault.REDIRECT:
            return web.Response(status=302, headers={hdrs.LOCATION: TRAP})
        case Fault.HTML_502 | Fault.HTML_502_AFTER:
            return Reply(502, BAD_GATEWAY, "text/html").response()
        case Fault.TRUNCATED if reply:
            return await _truncated(request, reply)
        case _ if reply:
            return MANGLED[fault](reply).response()
    raise ValueError(f"{fault} needs an answer to spoil")


def reset(request: web.Request) -> web.Response:
    """Ends the connection with a TCP reset instead of an answer."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()  # never sent: the connection is closed


async def _truncated(request: web.Request, reply: Reply) -> web.StreamResponse:
    sent = reply.sent
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    response.content_length = len(sent)
    await response.prepare(request)
    await response.write(sent[: len(sent) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def _with_field(reply: Reply, field: bytes) -> Reply:
    return replace(reply, body=reply.body.removesuffix(b"}") + b"," + field + b"}")


MANGLED: Mapping[Fault, Callable[[Reply], Reply]] = {
    Fault.EMPTY: lambda reply: Reply(reply.status, b""),
    Fault.NOT_JSON: lambda reply: replace(
        reply, status=200, body=b"Service is under maintenance.", content_type="text/plain"
    ),
    Fault.JSON_LIST: lambda reply: replace(reply, body=b"[" + reply.body + b"]"),
    Fault.JSON_NULL: lambda reply: replace(reply, body=b"null"),
    Fault.BAD_UTF8: lambda reply: _with_field(reply, b'"note":"\xff\xfe"'),
    Fault.HUGE: lambda reply: _with_field(reply, b'"padding":"' + b"x" * HUGE_BYTES + b'"'),
}
