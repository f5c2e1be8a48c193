"""Checks whether the endpoint for alerts listens. Connects to it, and sends nothing."""

import asyncio

from kwtsms_bot.doctor import Finding, FindingLevel

CHECK = "Alerts"
TIMEOUT_SECONDS = 3.0
# Addresses that mean all of a machine, and where to connect instead.
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - Nothing is bound to it.


async def check(listen: str) -> Finding:
    """Reports whether something listens at `listen`, given as host:port."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    if port == "0":
        what = "The endpoint's port is another one each time (bridge.listen)."
        return Finding(CHECK, FindingLevel.SKIPPED, what)
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            _, writer = await asyncio.open_connection(ANY_ADDRESS.get(host, host), int(port))
    except (OSError, TimeoutError):
        what = f"Nothing listens at {listen}: the bot isn't running on this machine."
        return Finding(CHECK, FindingLevel.SKIPPED, what, "Check again once it runs.")
    writer.close()
    return Finding(CHECK, FindingLevel.OK, f"The endpoint listens at {listen}.")
