"""A served local Slack and a real Bolt app connected to it. Patches nothing."""

import os
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.slack import SARA, SlackSandbox, User, View
from support.blockkit import Block

_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")


@contextmanager
def no_proxy() -> Iterator[None]:
    """Removes the proxy variables: the SDK obeys them even for loopback and ignores NO_PROXY."""
    kept = {name: os.environ.pop(name) for name in _PROXIES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


@asynccontextmanager
async def running_slack(**kwargs: Any) -> AsyncIterator[SlackSandbox]:
    """Runs a local Slack on a free port; the arguments are those of SlackSandbox."""
    with no_proxy():
        async with SlackSandbox(**kwargs) as slack:
            yield slack


def web_client(slack: SlackSandbox, token: str | None = None) -> AsyncWebClient:
    """Slack's own client for this workspace."""
    return AsyncWebClient(token or slack.bot_token, base_url=slack.api_url)


def bolt_app(slack: SlackSandbox) -> AsyncApp:
    """An empty Bolt app of this workspace."""
    return AsyncApp(client=web_client(slack), signing_secret=slack.signing_secret)


@asynccontextmanager
async def connected(
    slack: SlackSandbox, app: AsyncApp, *, ping_interval: float = 1
) -> AsyncIterator[AsyncSocketModeHandler]:
    """Connects the app in Socket Mode for the duration of the block."""
    already = len(slack.sockets.connections)
    handler = AsyncSocketModeHandler(app, slack.app_token, ping_interval=ping_interval)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt has no types here
    try:
        await slack.until(lambda: len(slack.sockets.connections) > already, what="a connection")
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def served(slack: SlackSandbox, app: AsyncApp) -> AsyncIterator[str]:
    """Serves the app by signed HTTP for the duration of the block; yields its URL."""
    http = app.web_app("/slack/events")
    async with serve(http) as server:
        slack.deliver_to(f"{server.url}/slack/events")
        yield server.url


async def refusal(call: Awaitable[Any]) -> str:
    """The error code with which Slack refuses a call."""
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


async def opened(slack: SlackSandbox, form: Block, who: User = SARA) -> View:
    """Opens a form for a person and returns it."""
    trigger = slack.space.triggers.issue(who.id)
    await web_client(slack).views_open(trigger_id=trigger, view=form)
    return on_top(slack, who)


def on_top(slack: SlackSandbox, who: User = SARA) -> View:
    """The form that a person sees."""
    view = slack.modal(who)
    assert view is not None
    return view
