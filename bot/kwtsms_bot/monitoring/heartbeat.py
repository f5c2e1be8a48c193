"""Calls an address while all is well, so that silence is noticed elsewhere. Reads no answer.

The address is a secret (whoever has it can keep up the appearance): it is in no log and no error.
"""

import asyncio

import httpx
import structlog

from kwtsms_bot.config import HeartbeatSettings
from kwtsms_bot.monitoring.readiness import Readiness

TIMEOUT_SECONDS = 10.0
log = structlog.get_logger(__name__)


class HeartbeatSender:
    """One call after the other, each only if /readyz would say yes."""

    def __init__(self, settings: HeartbeatSettings, readiness: Readiness) -> None:
        self._url = settings.url.get_secret_value() if settings.url else None
        self._every, self._readiness = settings.every.total_seconds(), readiness

    async def run(self, started: asyncio.Event) -> None:
        """Beats until it is cancelled, from when the bot has `begun`; without a URL, never."""
        if self._url is None:
            return
        await started.wait()
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as http:
            while True:
                await self.send_if_ready(http, self._url)
                await asyncio.sleep(self._every)

    async def send_if_ready(self, http: httpx.AsyncClient, url: str) -> None:
        """Calls, where all is well. What goes wrong with that is logged and harms nothing."""
        health = await self._readiness.probe()
        if not health.ready:
            log.info(
                "no heartbeat",
                not_well=[component.name for component in health.components if not component.ok],
            )
            return
        try:
            # A redirect is not followed, and however much is answered, none of it is read.
            async with http.stream("GET", url) as response:
                status = response.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("heartbeat failed", error=type(error).__name__)
            return
        if not httpx.codes.is_success(status):
            log.warning("heartbeat failed", status=status)
