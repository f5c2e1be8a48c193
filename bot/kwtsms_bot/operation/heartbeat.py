"""Calls an address while all is well, so that silence is noticed elsewhere. Reads no answer.

The address is a secret (whoever has it can keep up the appearance): it is in no log and no error.
"""

import asyncio

import httpx
import structlog

from kwtsms_bot.config import Heartbeat
from kwtsms_bot.operation.readiness import Readiness

TIMEOUT_SECONDS = 10.0
log = structlog.get_logger(__name__)


class Pulse:
    """One call after the other, each only if /readyz would say yes."""

    def __init__(self, settings: Heartbeat, readiness: Readiness) -> None:
        self._url = settings.url.get_secret_value() if settings.url else None
        self._every, self._readiness = settings.every.total_seconds(), readiness

    async def run(self, begun: asyncio.Event) -> None:
        """Beats until it is cancelled, from when the bot has `begun`; without a URL, never."""
        if self._url is None:
            return
        await begun.wait()
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as http:
            while True:
                await self.beat(http, self._url)
                await asyncio.sleep(self._every)

    async def beat(self, http: httpx.AsyncClient, url: str) -> None:
        """Calls, where all is well. What goes wrong with that is logged and harms nothing."""
        health = await self._readiness.look()
        if not health.ready:
            log.info("no heartbeat", not_well=[part.name for part in health.parts if not part.ok])
            return
        try:
            # A redirect is not followed, and however much is answered, none of it is read.
            async with http.stream("GET", url) as reply:
                status = reply.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("heartbeat failed", error=type(error).__name__)
            return
        if not httpx.codes.is_success(status):
            log.warning("heartbeat failed", status=status)
