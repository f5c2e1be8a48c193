"""Checks the tokens and connects to Slack, by Socket Mode or HTTP."""

import os
from collections.abc import Awaitable

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from kwtsms_bot.background import BackgroundTasks
from kwtsms_bot.config import SlackSettings
from kwtsms_bot.doctor.network import SLACK_PROXIES, connection_remedy
from kwtsms_bot.slack.errors import (
    ORG_WIDE,
    ORG_WIDE_REMEDY,
    SLACK_ERRORS,
    error_name,
    is_org_wide,
    is_slack_down,
    remedy,
)
from kwtsms_bot.slack.http_endpoint import PATH, SlackEndpoint, serve
from kwtsms_bot.slack.listeners import SlackListeners, build_app
from kwtsms_bot.slack.socket_client import PING_SECONDS, SocketHandler

TIMEOUT_SECONDS = 10
RATE_LIMIT_RETRIES = 3


class SlackRefused(Exception):
    """A token that Slack refuses, or a taken port; the text says which, and what to do."""


class SlackUnreachable(Exception):
    """No answer from Slack, or an error that does not concern the bot's tokens."""


class SlackConnection:
    """The connection to one workspace: a Web API client, and Socket Mode or HTTP once it is open.

    The socket reconnects by itself when it breaks.
    """

    def __init__(self, settings: SlackSettings, *, ping_seconds: float = PING_SECONDS) -> None:
        self.settings, self._ping_seconds = settings, ping_seconds
        # Only rate-limited calls are repeated: the SDK's default also repeats a post whose answer
        # was lost, which posts it twice.
        rate_limit_handler = AsyncRateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_RETRIES)
        self.client = _web_client(settings, rate_limit_handler)
        # For callers that must not wait, or that retry by themselves.
        self.no_retry_client = _web_client(settings)
        self._handler: SocketHandler | None = None
        self._runner: web.AppRunner | None = None

    async def open(self, listeners: SlackListeners, tasks: BackgroundTasks) -> str:
        """Checks the tokens, then connects or listens; returns the name of the workspace.

        Raises:
            SlackRefused: a token is wrong, revoked or lacks a scope; or the port is taken.
            SlackUnreachable: Slack is unreachable, down or busy.
        """
        identity = await self._call_slack("slack.bot_token", self.client.auth_test())
        if is_org_wide(identity):
            raise SlackRefused(f"slack.bot_token: {ORG_WIDE} {ORG_WIDE_REMEDY}")
        app = build_app(listeners, tasks, client=self.client, identity=identity)
        if self.settings.signing_secret is not None and self.settings.mode == "http":
            await self._listen(SlackEndpoint(app, self.settings.signing_secret.get_secret_value()))
        elif self.settings.app_token is not None:
            await self._connect(app, self.settings.app_token.get_secret_value())
        return str(identity.get("team"))

    @property
    def address(self) -> str:
        """The URL that takes Slack's requests; empty in Socket Mode."""
        if self._runner is None:
            return ""
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}{PATH}"

    async def is_alive(self) -> bool:
        """Whether Slack reaches the bot: the socket answers pings, or the HTTP server listens."""
        if self._runner is not None:
            return bool(self._runner.addresses)
        return self._handler is not None and await self._handler.client.is_connected()

    @property
    def problem(self) -> str:
        """Why Slack refuses the connection; empty if it did not say."""
        return self._handler.client.problem if self._handler is not None else ""

    async def _listen(self, endpoint: SlackEndpoint) -> None:
        try:
            self._runner = await serve(endpoint, self.settings.listen)
        except OSError as error:
            text = f"slack.listen: can't listen on {self.settings.listen}. Choose another address."
            raise SlackRefused(text) from error

    async def _connect(self, app: AsyncApp, token: str) -> None:
        # With a wrong app token the socket client would retry for ever; this call fails at once.
        await self._call_slack(
            "slack.app_token", self.client.apps_connections_open(app_token=token)
        )
        # The handler binds to the running loop, so it is made only here.
        self._handler = SocketHandler(app, token, ping_interval=self._ping_seconds)
        await self._handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's own gap.

    async def close(self) -> None:
        """Stops receiving; called before running work is awaited."""
        if self._handler is not None:
            await self._handler.close_async()  # type: ignore[no-untyped-call]
            self._handler = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _call_slack(
        self, key: str, call: Awaitable[AsyncSlackResponse]
    ) -> AsyncSlackResponse:
        try:
            return await call
        except SLACK_ERRORS as error:
            if isinstance(error, SlackApiError) and not is_slack_down(error):
                text = f"{key}: Slack says {error_name(error)}. {remedy(error)}"
                raise SlackRefused(text) from error
            cause = connection_remedy(error, os.environ, SLACK_PROXIES)
            text = f"{self.settings.api_url} didn't respond ({error_name(error)}). {cause}".rstrip()
            raise SlackUnreachable(text) from error


def _web_client(settings: SlackSettings, *handlers: AsyncRetryHandler) -> AsyncWebClient:
    return AsyncWebClient(
        token=settings.bot_token.get_secret_value(),
        base_url=settings.api_url,
        timeout=TIMEOUT_SECONDS,
        retry_handlers=list(handlers),
    )
