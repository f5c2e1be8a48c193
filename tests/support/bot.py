"""Runs the bot against a local gateway and Slack, in this process or in one that can be killed."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_bot.outbox.store import COOLDOWN, INTERVAL
from kwtsms_bot.service.waits import DEFAULT_WAITS, Waits
from kwtsms_sandbox.gateway import LoggedRequest
from kwtsms_sandbox.slack import Channel, Message, User
from kwtsms_sandbox.slack.demo_workspace import OPS, SARA
from support.database import prepare_database
from support.forked import ForkedProcess, fork_command
from support.slack import no_proxy

NUMBER = "96598765432"
TEST_INTERVAL = timedelta(milliseconds=50)
TEST_WAITS = Waits(card=0.1)


@asynccontextmanager
async def local_env(
    folder: Path,
    *,
    interval: timedelta = TEST_INTERVAL,
    cooldown: timedelta = COOLDOWN,
    waits: Waits = TEST_WAITS,
    **changes: Any,
) -> AsyncIterator[LocalEnvironment]:
    """Runs a gateway, a Slack and the bot; `changes` replaces sections of the config.

    The bot's interval between requests and between updates of a card is shortened and the gateway's
    rate limit is off, because most tests are about something else. With `interval=INTERVAL` the
    requests and the limit are as in production.
    """
    prepare_database(folder / "bridge.sqlite3")
    with no_proxy():
        env = LocalEnvironment(folder, interval=interval, cooldown=cooldown, waits=waits, **changes)
        if interval < INTERVAL:
            env.gateway.configure(requests_per_second=None)
        async with env:
            yield env


def cards(env: LocalEnvironment, who: User = SARA, where: Channel = OPS) -> list[str]:
    """The plain texts that a person sees in a channel."""
    return [env.slack.plain(message) for message in env.slack.visible(who, where)]


async def wait_for_text(
    env: LocalEnvironment,
    phrase: str,
    *,
    where: Channel = OPS,
    timeout: float = 10,  # noqa: ASYNC109 - The error shows what was seen.
) -> Message:
    """Waits for a message that contains `phrase`."""

    def find() -> Message | None:
        for message in env.slack.visible(SARA, where):
            if phrase.casefold() in env.slack.plain(message).casefold():
                return message
        return None

    try:
        found = await env.slack.until(find, timeout=timeout)
    except TimeoutError:
        raise AssertionError(f"{phrase!r} is not among {cards(env, where=where)}") from None
    assert found
    return found


def send_requests(env: LocalEnvironment) -> list[LoggedRequest]:
    """The send requests that the gateway has seen."""
    return [request for request in env.gateway.requests if request.endpoint == "send"]


class BotProcess:
    """A forked `kwtsms-bridge run` that uses the gateway and Slack of a local environment.

    `changes` are made within sections of its configuration. With `interval` and `waits` it is the
    same program with these; the defaults are those of production.
    """

    def __init__(
        self,
        env: LocalEnvironment,
        *,
        interval: timedelta = INTERVAL,
        waits: Waits = DEFAULT_WAITS,
        **changes: dict[str, Any],
    ) -> None:
        self._env, self._changes = env, changes
        self._waits: dict[str, float] | None = None
        if (interval, waits) != (INTERVAL, DEFAULT_WAITS):
            self._waits = {"interval": interval.total_seconds(), **asdict(waits)}
        self._file = env.folder / "config.yaml"
        self._log = env.folder / "bot.log"  # An unread pipe would block the bot.
        self._process: ForkedProcess | None = None
        self.output = ""

    async def start(self) -> None:
        """Starts the bot and waits until it is connected to Slack."""
        already = len(self._env.slack.sockets.connections)
        await self._spawn()
        await self._env.slack.until(
            lambda: len(self._env.slack.sockets.connections) > already, timeout=20
        )

    async def run_to_end(self, **slack: str) -> int:
        """Runs the bot, with a changed section `slack`, until it ends; returns the exit code."""
        await self._spawn(**slack)
        return await self._wait()

    async def _spawn(self, **slack: str) -> None:
        sections = self._env.sections
        for name, change in {**self._changes, "slack": slack}.items():
            sections[name] = sections.get(name, {}) | change
        self._file.write_text(json.dumps(sections))  # JSON is YAML.
        with self._log.open("wb") as log:
            self._process = await fork_command(
                *("run", "-c", str(self._file)),
                folder=Path.cwd(),
                env={**os.environ, "PYTHONWARNINGS": "ignore"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log.fileno(),
                stderr=log.fileno(),
                waits=self._waits,
            )

    async def kill(self) -> None:
        """Kills the bot as a power cut would."""
        await self.end(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        """Sends a signal to the bot if it is running."""
        if self._process is not None:
            self._process.send_signal(number)

    async def end(self, number: int = signal.SIGTERM) -> int:
        """Sends the signal and waits for the end; returns the exit code."""
        self.send_signal(number)
        return await self._wait()

    async def _wait(self) -> int:
        assert self._process
        code = await asyncio.wait_for(self._process.wait(), timeout=30)
        self.output += self._log.read_text()
        self._process = None
        return code

    async def close(self) -> None:
        """Kills the bot if it is still running."""
        if self._process is not None:
            await self.kill()
