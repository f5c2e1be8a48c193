"""To Slack and back: tokens are tried at start, and the socket is closed before work is awaited."""

from collections.abc import Awaitable

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from kwtsms_bot.config import Slack
from kwtsms_bot.slack.app import Front, build_app
from kwtsms_bot.slack.tasks import Tasks
from kwtsms_bot.slack.trouble import SLACK_TROUBLE, name

TIMEOUT_SECONDS = 10
RATE_LIMIT_RETRIES = 3


class SlackRefused(Exception):
    """Slack does not let us in; the text says which token and what to do."""


class SlackUnreachable(Exception):
    """Slack gave no answer."""


class Connection:
    """One workspace: a Web API client from the start, and Socket Mode once it is open.

    The socket opens again by itself when it breaks.
    """

    def __init__(self, settings: Slack) -> None:
        self.settings = settings
        # Only what Slack refused for its rate is repeated: the SDK's default repeats a post whose
        # answer was lost, which posts it twice.
        self.client = AsyncWebClient(
            token=settings.bot_token.get_secret_value(),
            base_url=settings.api_url,
            timeout=TIMEOUT_SECONDS,
            retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_RETRIES)],
        )
        self._handler: AsyncSocketModeHandler | None = None

    async def open(self, front: Front, tasks: Tasks) -> str:
        """Tries both tokens, then connects; the name of the workspace.

        Raises:
            SlackRefused: a token is wrong, revoked or lacks a scope.
            SlackUnreachable: no answer came.
        """
        identity = await self._ask("slack.bot_token", self.client.auth_test())
        token = self.settings.app_token.get_secret_value()
        # With a wrong app token the socket client would try for ever; one call by hand tells.
        await self._ask("slack.app_token", self.client.apps_connections_open(app_token=token))
        # The handler takes hold of the running loop.
        app = build_app(front, tasks, client=self.client, identity=identity)
        self._handler = AsyncSocketModeHandler(app, token)
        await self._handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's own gap.
        return str(identity.get("team"))

    async def close(self) -> None:
        """Takes nothing more in."""
        if self._handler is not None:
            await self._handler.close_async()  # type: ignore[no-untyped-call]
            self._handler = None

    async def _ask(self, key: str, call: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
        try:
            return await call
        except SlackApiError as error:
            remedy = "Copy the token anew from your Slack app's settings."
            raise SlackRefused(f"{key}: Slack says {name(error)}. {remedy}") from error
        except SLACK_TROUBLE as error:
            text = f"{self.settings.api_url} gave no answer ({name(error)})"
            raise SlackUnreachable(text) from error
