"""A served workspace for each test, and Slack's own client for it."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_sandbox.slack import SlackSandbox
from support.slack import running_slack, web_client


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    """A workspace without messages."""
    async with running_slack() as sandbox:
        yield sandbox


@pytest.fixture
def api(slack: SlackSandbox) -> AsyncWebClient:
    """The app's Web API client."""
    return web_client(slack)
