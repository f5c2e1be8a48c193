"""A page with its own gateway and Slack, and a small real Bolt app."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_sandbox.gateway import Gateway
from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.page import Guide, PageServer, Shortcut
from kwtsms_sandbox.slack import SARA, SlackSandbox, User
from support.browser import Browser
from support.slack import bolt_app, connected, running_slack, web_client

SHORTCUTS = (
    Shortcut("send_sms", "Send SMS"),
    Shortcut("text_this", "Send as SMS…", on_message=True),
)

News = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """The page and the services behind it."""

    url: str
    gateway: Gateway
    slack: SlackSandbox
    bolt: AsyncApp

    @property
    def api(self) -> AsyncWebClient:
        """The Web API client of the app."""
        return web_client(self.slack)


class Visitor:
    """A program with the actions of the page's script."""

    def __init__(self, page: Page, http: ClientSession) -> None:
        self.page = page
        self.http = http
        self.origin = {"Origin": page.url}

    async def act(self, name: str, *, who: User = SARA, **fields: Any) -> tuple[int, str | None]:
        """Performs an action; returns the HTTP status and the error, if any."""
        body = {"as": who.id, **fields}
        url = f"{self.page.url}/act/{name}"
        async with self.http.post(url, json=body, headers=self.origin) as response:
            return response.status, (await response.json())["error"]

    @asynccontextmanager
    async def listening(self, who: User = SARA) -> AsyncIterator[ClientWebSocketResponse]:
        """Opens the stream of news as this person."""
        url = f"{self.page.url}/events?as={who.id}"
        async with self.http.ws_connect(url, headers=self.origin) as socket:
            yield socket

    async def everything(self, who: User = SARA) -> News:
        """Everything that this person sees."""
        async with self.listening(who) as socket:
            return (await news(socket))[0]


async def news(socket: ClientWebSocketResponse) -> list[News]:
    """Receives the next news."""
    received: list[News] = json.loads(await socket.receive_str(timeout=5))
    return received


@pytest.fixture
async def page(gateway: Gateway) -> AsyncIterator[Page]:
    """A served page; `bolt` is connected but has no listeners yet."""
    async with running_slack() as slack:
        bolt = bolt_app(slack)
        server = PageServer(gateway=gateway, slack=slack, guide=Guide(shortcuts=SHORTCUTS))
        async with connected(slack, bolt), serve(server.app()) as served:
            yield Page(served.url, gateway, slack, bolt)


@pytest.fixture
async def visitor(page: Page) -> AsyncIterator[Visitor]:
    """A visitor of the page."""
    async with ClientSession(trust_env=False) as http:
        yield Visitor(page, http)


@pytest.fixture
async def shown(page: Page, browser: Browser) -> Browser:
    """The browser with the page opened."""
    await browser.open(page.url)
    await browser.until("document.querySelector('#channels .entry')")
    return browser
