"""Calls a URL while the bot is ready, so that a monitor elsewhere notices silence.

Reads no answer. The URL is a secret (anyone who has it can fake a heartbeat): it is in no log and
no error.
"""

import asyncio

import httpx
import structlog

from kwtsms_bot.config import HeartbeatSettings
from kwtsms_bot.monitoring.readiness import Readiness

TIMEOUT_SECONDS = 10.0
log = structlog.get_logger(__name__)


class HeartbeatSender:
    """Calls the heartbeat URL at an interval while the bot is ready."""

    def __init__(self, settings: HeartbeatSettings, readiness: Readiness) -> None:
        self._url = settings.url.get_secret_value() if settings.url else None
        self._every, self._readiness = settings.every.total_seconds(), readiness

    async def run(self, started: asyncio.Event) -> None:
        """Sends heartbeats once `started` is set, until cancelled; none without a URL."""
        if self._url is None:
            return
        await started.wait()
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as http:
            while True:
                await self.send_if_ready(http, self._url)
                await asyncio.sleep(self._every)

    async def send_if_ready(self, http: httpx.AsyncClient, url: str) -> None:
        """Calls the URL if the bot is ready; a failed call is logged and has no effect."""
        health = await self._readiness.probe()
        if not health.ready:
            log.info(
                "no heartbeat",
                not_well=[component.name for component in health.components if not component.ok],
            )
            return
        try:
            # No redirect is followed, and no body is read, however large.
            async with http.stream("GET", url) as response:
                status = response.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("heartbeat failed", error=type(error).__name__)
            return
        if not httpx.codes.is_success(status):
            log.warning("heartbeat failed", status=status)
