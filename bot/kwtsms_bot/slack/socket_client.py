"""The Socket Mode client, which backs off when Slack refuses one more connection.

An app may have ten. Each new one takes a call of apps.connections.open, which is Tier 1: one a
minute and a burst, so that immediate retries would use up the rate and leave the bot deaf.
https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient

PING_SECONDS = 10.0  # Between two pings; a lost connection is noticed at the next one.
FIRST_DELAY_SECONDS, MAX_DELAY_SECONDS = 5.0, 120.0
TOO_MANY = "too_many_websockets"
TOO_MANY_PROBLEM = (
    "Slack rejected the connection because the app has too many open. Stop the other processes "
    "that use its token"
)
log = structlog.get_logger(__name__)


def backoff(attempt: int, share: float) -> float:
    """The seconds before attempt 1, 2 and so on; `share` from 0 to 1 spreads processes."""
    longest = min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0 ** min(attempt - 1, 10))
    return longest * (0.5 + share / 2)


class SocketClient(SocketModeClient):
    """Slack's client, with a delay between attempts that Slack refuses."""

    problem = ""  # Why there is no connection, as far as Slack said so.
    delay: Callable[[int], float] = staticmethod(
        lambda attempt: backoff(attempt, random.random())  # noqa: S311 - not a secret.
    )
    _refusals = 0
    _not_before = 0.0

    async def run_message_listeners(self, message: dict[str, Any], raw_message: str) -> None:
        """Notes what Slack says of the connection, then does as Slack's client."""
        if message.get("type") == "hello":
            self.problem, self._refusals = "", 0
        elif message.get("type") == "disconnect" and message.get("reason") == TOO_MANY:
            self._refusals += 1
            seconds = self.delay(self._refusals)
            self._not_before = asyncio.get_running_loop().time() + seconds
            self.problem = TOO_MANY_PROBLEM
            log.warning("slack refused the connection", reason=TOO_MANY, retry_in=round(seconds, 1))
        await super().run_message_listeners(message, raw_message)

    async def issue_new_wss_url(self) -> str:
        """Returns the address of the next connection, once it is time for another attempt."""
        while not self.closed:
            remaining = self._not_before - asyncio.get_running_loop().time()
            if remaining <= 0:
                break
            await asyncio.sleep(min(remaining, 1.0))  # A stop need not wait for the whole delay.
        if self.closed and self.wss_uri:
            return self.wss_uri
        return await super().issue_new_wss_url()


class SocketHandler(AsyncSocketModeHandler):
    """Bolt's handler with our client."""

    client: SocketClient

    def __init__(
        self, app: AsyncApp, app_token: str, *, ping_interval: float = PING_SECONDS
    ) -> None:
        self.app, self.app_token = app, app_token
        self.client = SocketClient(
            app_token=app_token,
            logger=app.logger,
            web_client=app.client,
            ping_interval=ping_interval,
        )
        self.client.socket_mode_request_listeners.append(self.handle)  # type: ignore[arg-type]
