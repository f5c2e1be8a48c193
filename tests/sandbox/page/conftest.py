"""A page over a gateway and a Slack of its own, and a small real Bolt app to talk to."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from slack_bolt.app.async_app import AsyncApp

from kwtsms_sandbox.gateway import Gateway
from kwtsms_sandbox.page import PageServer, Shortcut
from kwtsms_sandbox.serving import serve
from kwtsms_sandbox.slack import SlackSandbox
from support.browser import Browser, browser, chromium
from support.slack import bolt_app, connected, running_slack

__all__ = ["browser", "chromium"]

SHORTCUTS = (
    Shortcut("send_sms", "Send SMS"),
    Shortcut("text_this", "Text this to…", on_message=True),
)


@dataclass(frozen=True, slots=True)
class Page:
    """The page and what stands behind it."""

    url: str
    gateway: Gateway
    slack: SlackSandbox
    bolt: AsyncApp


@pytest.fixture
async def page(gateway: Gateway) -> AsyncIterator[Page]:
    """A served page; `bolt` is connected and listens to nothing yet."""
    async with running_slack() as slack:
        bolt = bolt_app(slack)
        server = PageServer(gateway=gateway, slack=slack, shortcuts=SHORTCUTS)
        async with connected(slack, bolt), serve(server.app()) as served:
            yield Page(served.url, gateway, slack, bolt)


@pytest.fixture
async def shown(page: Page, browser: Browser) -> Browser:
    """The browser, with the page before it."""
    await browser.open(page.url)
    await browser.until("document.querySelector('#channels .entry')")
    return browser
