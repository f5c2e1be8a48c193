"""The real bot between a local Slack and a local kwtSMS, for the demo and the tests.

Everything is on loopback, on free ports, in a folder that the caller gives.
"""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kwtsms_bot.config import Config
from kwtsms_bot.outbox.store import COOLDOWN, INTERVAL
from kwtsms_bot.service import Service
from kwtsms_bot.service.waits import DEFAULT_WAITS, Waits
from kwtsms_bot.slack.manifest import SCOPES
from kwtsms_sandbox.gateway import DEMO_ACCOUNT, Gateway, RunningGateway
from kwtsms_sandbox.slack import Manifest, SlackSandbox
from kwtsms_sandbox.slack.demo_workspace import ALERTS, NOURA, SARA, YOUSEF

START_SECONDS = 15.0


class BotNotStarted(Exception):
    """The bot did not connect to the local Slack in time; the text says what to do."""


def _config_sections(folder: Path, slack: SlackSandbox, gateway_url: str) -> dict[str, Any]:
    """Returns the sections of config.yaml for the local environment."""
    return {
        "slack": {
            "bot_token": slack.bot_token,
            "app_token": slack.app_token,
            "api_url": slack.api_url,
        },
        "kwtsms": {
            "username": DEMO_ACCOUNT.username,
            "password": DEMO_ACCOUNT.password,
            "sender_id": "MY-APP",
            "base_url": gateway_url,
        },
        "access": {
            "reader": {"users": [NOURA.id]},
            "sender": {"users": [SARA.id]},
            "admin": {"users": [YOUSEF.id]},
        },
        "outbox": {"database": f"sqlite:///{folder / 'bridge.sqlite3'}"},
        "alerts": {"balance": {"channels": [ALERTS.id]}},
    }


class LocalEnvironment:
    """A gateway, a Slack and the bot between them, as long as the context lasts.

    `interval`, `cooldown` and `waits` are those of the `Service`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        use_http: bool = False,
        interval: timedelta = INTERVAL,
        cooldown: timedelta = COOLDOWN,
        waits: Waits = DEFAULT_WAITS,
        start_timeout: float = START_SECONDS,
        **overrides: Any,
    ) -> None:
        self.folder = folder
        self._use_http, self._interval, self._cooldown = use_http, interval, cooldown
        self._waits = waits
        self._start_timeout = start_timeout
        self.slack_address = ""  # Where the bot takes Slack's requests over HTTP.
        self.watched_at = ""  # Where its monitoring pages are, if there are any.
        self.bridge_address = ""  # Where it accepts alerts, if it does.
        # Only the scopes of our manifest, so that a call that needs another one fails.
        self.slack = SlackSandbox(manifest=Manifest(scopes=frozenset(SCOPES)))
        self.gateway = Gateway()
        self.running = RunningGateway(self.gateway)
        self._overrides = overrides
        self._stack = AsyncExitStack()
        self._stop = asyncio.Event()
        self._bot: asyncio.Task[None] | None = None

    @property
    def sections(self) -> dict[str, Any]:
        """The sections of config.yaml, with secrets; overrides replace whole sections."""
        sections = _config_sections(self.folder, self.slack, self.running.base_url)
        if self._use_http:
            sections["slack"] |= {
                "mode": "http",
                "signing_secret": self.slack.signing_secret,
                "listen": "127.0.0.1:0",
            }
        return sections | self._overrides

    @property
    def config(self) -> Config:
        """The configuration that the bot is started with."""
        return Config.model_validate(self.sections)

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.slack)
        await self._stack.enter_async_context(self.running)
        try:
            await self.start_bot()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self.stop_bot()
        finally:
            await self._stack.aclose()

    async def start_bot(self, **overrides: Any) -> None:
        """Starts the bot and waits until it is ready; further overrides replace config sections.

        Raises:
            BotNotStarted: it is not ready in time.
        """
        self._overrides |= overrides
        self._stop.clear()
        service = Service(
            self.config, interval=self._interval, cooldown=self._cooldown, waits=self._waits
        )
        self._bot = asyncio.create_task(service.run(self._stop))
        ready = asyncio.create_task(service.ready.wait())
        await asyncio.wait(
            {self._bot, ready}, timeout=self._start_timeout, return_when=asyncio.FIRST_COMPLETED
        )
        ready.cancel()
        self.watched_at = service.monitoring_address
        self.bridge_address = service.bridge_address
        if self._bot.done():
            self._bot.result()
        if not service.ready.is_set():
            await self.stop_bot()
            raise BotNotStarted(
                f"The bot wasn't ready within {self._start_timeout:.0f} s. Run it again with "
                "--verbose to see its log."
            )
        if service.address:
            self.slack_address = service.address
            self.slack.deliver_to(service.address)

    async def stop_bot(self) -> None:
        """Stops the bot as SIGTERM would."""
        self._stop.set()
        if self._bot is not None:
            await self._bot
            self._bot = None
