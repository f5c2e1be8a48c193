"""To Slack and back: tokens are tried at start, and the socket is closed before work is awaited."""

from dataclasses import dataclass

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from kwtsms_bot.config import Slack
from kwtsms_bot.slack.trouble import SLACK_TROUBLE, name

TIMEOUT_SECONDS = 10
RATE_LIMIT_RETRIES = 3
log = structlog.get_logger(__name__)


class SlackRefused(Exception):
    """Slack does not let us in; the text says which token and what to do."""


class SlackUnreachable(Exception):
    """Slack gave no answer."""


def web_client(settings: Slack) -> AsyncWebClient:
    """A client that repeats only what Slack refused for its rate.

    The SDK's default repeats a post whose answer was lost, which posts it twice.
    """
    return AsyncWebClient(
        token=settings.bot_token.get_secret_value(),
        base_url=settings.api_url,
        timeout=TIMEOUT_SECONDS,
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_RETRIES)],
    )


async def check_tokens(client: AsyncWebClient, settings: Slack) -> AsyncSlackResponse:
    """Who we are in Slack.

    Raises:
        SlackRefused: a token is wrong, revoked or lacks a scope.
        SlackUnreachable: no answer came.
    """
    try:
        identity = await client.auth_test()
    except SlackApiError as error:
        raise SlackRefused(_refusal("slack.bot_token", error)) from error
    except SLACK_TROUBLE as error:
        raise SlackUnreachable(f"{settings.api_url} gave no answer ({error})") from error
    try:
        # With a wrong token the socket client would try for ever; one call by hand tells.
        await client.apps_connections_open(app_token=settings.app_token.get_secret_value())
    except SlackApiError as error:
        raise SlackRefused(_refusal("slack.app_token", error)) from error
    except SLACK_TROUBLE as error:
        raise SlackUnreachable(f"{settings.api_url} gave no answer ({error})") from error
    return identity


def _refusal(key: str, error: SlackApiError) -> str:
    return f"{key}: Slack says {name(error)}. Copy the token anew from your Slack app's settings."


@dataclass(slots=True)
class Connection:
    """Socket Mode, open or closed. It opens again by itself when it breaks."""

    app: AsyncApp
    settings: Slack
    _handler: AsyncSocketModeHandler | None = None

    async def open(self) -> None:
        """Connects; to be called inside the running loop, which the handler takes hold of."""
        self._handler = AsyncSocketModeHandler(self.app, self.settings.app_token.get_secret_value())
        await self._handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's own gap.
        log.info("slack connected")

    async def close(self) -> None:
        """Takes nothing more in."""
        if self._handler is not None:
            await self._handler.close_async()  # type: ignore[no-untyped-call]
            self._handler = None
