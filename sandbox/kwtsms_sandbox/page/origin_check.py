"""Restricts the page to a browser on this machine, and actions to the page itself.

Rejects other sites that the same browser has open (by Origin), other names that resolve to this
machine (by Host), and other machines (by address). Knows no users and no passwords.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOCAL_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.ASCII | re.IGNORECASE)

# Everything comes from this server, and no string can become markup or code: the browser itself
# refuses innerHTML. https://www.w3.org/TR/CSP3/ https://www.w3.org/TR/trusted-types/
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


@web.middleware
async def check_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Rejects requests from other machines, and actions from other origins."""
    problem = refusal(request)
    if problem:
        return web.Response(status=403, text=problem + "\n")
    return await handler(request)


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Adds the security headers to every response."""
    host = request.host if _LOCAL_HOST.fullmatch(request.host) else "localhost"
    response.headers.update(HEADERS)
    response.headers["Content-Security-Policy"] = POLICY.format(host=host)


def refusal(request: web.Request) -> str | None:
    """Returns why this request is rejected, or None."""
    if not _is_loopback(request.remote):
        return "This page is for the machine it runs on."
    if not _LOCAL_HOST.fullmatch(request.host):
        return "This page is known as localhost or 127.0.0.1 only."
    is_action = request.method not in ("GET", "HEAD") or "Upgrade" in request.headers
    if is_action and request.headers.get("Origin") != f"http://{request.host}":
        return "This page takes orders from itself only."
    return None


def _is_loopback(address: str | None) -> bool:
    try:
        return address is not None and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
