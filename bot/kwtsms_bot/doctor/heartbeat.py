"""Checks whether the heartbeat URL can be reached. Does not call it."""

import asyncio
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from kwtsms_bot.doctor import Finding, FindingLevel
from kwtsms_bot.doctor.network import connection_remedy

CHECK = "Heartbeat"
TIMEOUT_SECONDS = 10.0
PORTS = {"http": 80, "https": 443}


async def check(url: str) -> Finding:
    """Opens a connection without a request, which would report the bot alive. `url` is secret.

    The certificate is checked; the answer to a request is not.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
    except ValueError:
        return _unreachable_finding("its port isn't valid")
    host = parts.hostname or ""
    if getproxies().keys() & {parts.scheme, "all"} and not proxy_bypass(host):
        return Finding(CHECK, FindingLevel.SKIPPED, "Skipped: it is called through a proxy.")
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=parts.scheme == "https")
    except (OSError, TimeoutError, ValueError) as error:  # ValueError: not a DNS name.
        return _unreachable_finding(type(error).__name__, connection_remedy(error, {}))
    writer.close()
    return Finding(CHECK, FindingLevel.OK, "heartbeat.url is reachable.")


def _unreachable_finding(reason: str, remedy: str = "") -> Finding:
    remedy = remedy or (
        "Fix heartbeat.url or this server's network. Until then, its monitor reports the bot "
        "as down."
    )
    return Finding(
        CHECK, FindingLevel.PROBLEM, f"heartbeat.url can't be reached ({reason}).", remedy
    )
