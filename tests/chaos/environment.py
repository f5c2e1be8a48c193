"""The environment of a chaos run: a gateway, a Slack, a database and bots that may be killed."""

import asyncio
import json
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from chaos.bots import Bot, ForkServer, ProcessLauncher
from chaos.evidence import Disruption, Evidence
from chaos.gateway import GatewayProcess
from chaos.load import PEOPLE, LoadGenerator
from chaos.poll import until
from chaos.program import Program
from chaos.reasons import TIMEOUT_SECONDS
from chaos.transition_log import TransitionLog
from kwtsms_sandbox.slack import SlackSandbox
from kwtsms_sandbox.slack.web.rate_limits import Limits
from support.slack import no_proxy

LEASE_SECONDS = 2
RESTART_SECONDS = 0.5  # Delay before an ended bot is restarted.
UNLIMITED = 1_000_000


@dataclass
class ChaosEnvironment:
    """The parts of a chaos run, with its kills and disruptions."""

    slack: SlackSandbox
    gateway: GatewayProcess
    transition_log: TransitionLog
    launcher: ForkServer | ProcessLauncher
    load: LoadGenerator
    program: Program
    bots: list[Bot] = field(default_factory=list)
    kills: int = 0
    disruptions: list[Disruption] = field(default_factory=list)

    async def start(self, **changes: Any) -> Bot:
        """Starts a bot without waiting for its connection; `changes` apply to its program."""
        if self.program.hooks_port is not None:
            changes = {"hooks_port": free_port(), **changes}
        bot = await self.launcher.start(replace(self.program, **changes))
        self.bots.append(bot)
        return bot

    async def start_connected(self, **changes: Any) -> Bot:
        """Starts a bot and waits until it is connected to Slack."""
        newest = self._newest_connection()
        bot = await self.start(**changes)
        await self.slack.until(lambda: self._newest_connection() > newest, timeout=30, what="a bot")
        return bot

    def _newest_connection(self) -> int:
        """The number of the newest connection to Slack; killed bots' may still be listed."""
        return max((one.number for one in self.slack.sockets.connections), default=0)

    @property
    def alive_bots(self) -> list[Bot]:
        """The bots that have not ended."""
        return [bot for bot in self.bots if bot.is_alive]

    async def kill(self, bot: Bot) -> None:
        """Kills a bot as a power cut would, and counts it."""
        await bot.kill()
        self.record_kill(bot)

    def record_kill(self, bot: Bot) -> None:
        """Counts a bot that is already dead."""
        self.bots.remove(bot)
        self.kills += 1
        self.record_disruption(bot)

    def record_disruption(self, bot: Bot) -> None:
        """Records that a bot could not save its state at this moment."""
        now = time.time()
        self.disruptions.append(Disruption(now, now, bot.pid))

    @contextmanager
    def disrupted(self) -> Iterator[None]:
        """Records that no bot could save its state in the block and until leases from it expire."""
        since = time.time()
        yield
        self.disruptions.append(Disruption(since, time.time() + LEASE_SECONDS))

    async def stop(self, bot: Bot) -> None:
        """Stops a bot gracefully: it finishes what it has begun."""
        bot.signal(signal.SIGTERM)
        await bot.wait()
        self.bots.remove(bot)

    @asynccontextmanager
    async def supervised(self) -> AsyncIterator[None]:
        """Restarts bots that end by themselves, as systemd would."""

        async def restart_ended() -> None:
            while True:
                for bot in [one for one in self.bots if not one.is_alive]:
                    self.bots.remove(bot)
                    await self.start()
                await asyncio.sleep(RESTART_SECONDS)

        supervisor = asyncio.create_task(restart_ended())
        try:
            yield
        finally:
            supervisor.cancel()

    async def set_clock(self, seconds: float) -> None:
        """Sets the error of the machine's clock, in seconds."""
        assert self.program.clock
        file = Path(self.program.clock)
        temporary = file.with_suffix(".new")
        temporary.write_text(str(seconds))
        temporary.replace(file)  # Replaced atomically, because bots read it at any time.
        await self.transition_log.set_clock(seconds)

    async def wait_until_settled(self, seconds: float = 120) -> None:
        """Waits until every recipient has an end state and every card shows it.

        Stops waiting after `seconds`: the checker finds what is left.
        """

        async def nothing_left() -> bool:
            return await self.transition_log.unfinished() == (0, 0)

        with suppress(TimeoutError):
            await until(nothing_left, seconds=seconds, what="quiet", every=0.1)

    async def collect_evidence(self) -> Evidence:
        """Kills the bots and collects the evidence from people, database and gateway."""
        for bot in self.bots:
            await bot.kill()
        self.bots.clear()
        return Evidence(
            submissions=tuple(self.load.submissions),
            rows=await self.transition_log.rows(self._card_text),
            transitions=await self.transition_log.transitions(),
            requests=await self.gateway.requests(),
            ledger=await self.gateway.ledger(),
            job_slots=await self.transition_log.job_slots(),
            kills=self.kills,
            disruptions=tuple(self.disruptions),
        )

    def _card_text(self, channel: str, ts: str) -> str:
        message = self.slack.space.timeline.find(channel, ts)
        return self.slack.plain(message) if message else ""


@asynccontextmanager
async def chaos_environment(
    folder: Path,
    database: str,
    *,
    seed: int,
    program: Program,
    launcher_type: type[ForkServer | ProcessLauncher] = ForkServer,
    sections: Mapping[str, Any] | None = None,
    **behaviour: Any,
) -> AsyncIterator[ChaosEnvironment]:
    """Creates the environment in `folder`, without bots; `behaviour` configures the gateway.

    `sections` are further ones of config.yaml.
    """
    behaviour = {"requests_per_second": None, **behaviour}
    async with AsyncExitStack() as stack:
        stack.enter_context(no_proxy())
        slack = await stack.enter_async_context(SlackSandbox(limits=Limits.none()))
        gateway = await stack.enter_async_context(GatewayProcess(folder, seed, **behaviour))
        transition_log = TransitionLog(database)
        stack.push_async_callback(transition_log.close)
        await transition_log.open()
        settings = _config(slack, gateway, database) | dict(sections or {})
        config = folder / "config.yaml"
        config.write_text(json.dumps(settings))  # JSON is YAML.
        launcher: ForkServer | ProcessLauncher = launcher_type(config, folder / "bots.log")
        await stack.enter_async_context(launcher)
        env = ChaosEnvironment(
            slack, gateway, transition_log, launcher, LoadGenerator(slack, Random(seed)), program
        )
        stack.push_async_callback(_kill_all, env)
        yield env


def free_port() -> int:
    """A free port on loopback."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


async def _kill_all(env: ChaosEnvironment) -> None:
    await asyncio.gather(*(bot.kill() for bot in env.bots))


def _config(slack: SlackSandbox, gateway: GatewayProcess, database: str) -> dict[str, Any]:
    """The content of config.yaml: short leases and timeout, and limits above 2,000 messages."""
    login = gateway.login
    return {
        "slack": {
            "bot_token": slack.bot_token,
            "app_token": slack.app_token,
            "api_url": slack.api_url,
        },
        "kwtsms": {
            "username": login.username,
            "password": login.password,
            "sender_id": "MY-APP",
            "base_url": login.base_url,
            "timeout": f"{TIMEOUT_SECONDS}s",
        },
        "access": {"admin": {"users": [person.id for person in PEOPLE]}, "workflows": True},
        "limits": {
            "messages_per_hour": UNLIMITED,
            "per_number_per_hour": UNLIMITED,
            "credits_per_day": UNLIMITED,
        },
        "outbox": {"database": database, "lease": f"{LEASE_SECONDS}s"},
    }
