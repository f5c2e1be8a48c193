"""A gateway, a Slack, a database and bots that may die: everything that a run of chaos needs."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from chaos.bots import Bot, Fresh, Zygote
from chaos.crowd import PEOPLE, Crowd
from chaos.evidence import Blow, Evidence
from chaos.gateway import GatewayProcess
from chaos.history import History
from chaos.program import Program
from chaos.reasons import TIMEOUT_SECONDS
from chaos.waiting import until
from kwtsms_sandbox.slack import SlackSandbox
from kwtsms_sandbox.slack.web.rates import Limits
from support.slack import no_proxy

LEASE_SECONDS = 2
KEEP_SECONDS = 0.5  # After which what has ended is started again.
PLENTY = 1_000_000


@dataclass
class House:
    """What is in it."""

    slack: SlackSandbox
    gateway: GatewayProcess
    history: History
    maker: Zygote | Fresh
    crowd: Crowd
    program: Program
    bots: list[Bot] = field(default_factory=list)
    kills: int = 0
    blows: list[Blow] = field(default_factory=list)

    async def start(self, **changes: Any) -> Bot:
        """One more bot, not yet connected; `changes` are to its program."""
        bot = await self.maker.start(replace(self.program, **changes))
        self.bots.append(bot)
        return bot

    async def connected(self, **changes: Any) -> Bot:
        """One more bot, connected to Slack."""
        before = self._newest()
        bot = await self.start(**changes)
        await self.slack.until(lambda: self._newest() > before, timeout=30, what="a bot")
        return bot

    def _newest(self) -> int:
        """The number of the newest connection to Slack; those of the dead may still be there."""
        return max((one.number for one in self.slack.sockets.connections), default=0)

    @property
    def alive(self) -> list[Bot]:
        """Those that have not ended."""
        return [bot for bot in self.bots if bot.alive]

    async def kill(self, bot: Bot) -> None:
        """Ends a bot as a power cut would, and counts it."""
        await bot.kill()
        self.bury(bot)

    def bury(self, bot: Bot) -> None:
        """Counts one that is dead."""
        self.bots.remove(bot)
        self.kills += 1
        self.struck(bot)

    def struck(self, bot: Bot) -> None:
        """From now on it writes nothing down, or not for a while."""
        now = time.time()
        self.blows.append(Blow(now, now, bot.pid))

    @contextmanager
    def troubled(self) -> Iterator[None]:
        """Meanwhile, and until the leases of then are over, no bot may be able to."""
        since = time.time()
        yield
        self.blows.append(Blow(since, time.time() + LEASE_SECONDS))

    async def stop(self, bot: Bot) -> None:
        """Ends it politely: it finishes what it has begun."""
        bot.signal(signal.SIGTERM)
        await bot.ended()
        self.bots.remove(bot)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Starts anew, as systemd would, whatever ends by itself."""

        async def keep() -> None:
            while True:
                for bot in [one for one in self.bots if not one.alive]:
                    self.bots.remove(bot)
                    await self.start()
                await asyncio.sleep(KEEP_SECONDS)

        keeper = asyncio.create_task(keep())
        try:
            yield
        finally:
            keeper.cancel()

    async def set_clock(self, seconds: float) -> None:
        """From now on the machine's clock is wrong by so many seconds."""
        assert self.program.clock
        file = Path(self.program.clock)
        beside = file.with_suffix(".new")
        beside.write_text(str(seconds))
        beside.replace(file)  # Whole, for whoever reads it now.
        await self.history.set_clock(seconds)

    async def quiet(self, seconds: float = 120) -> None:
        """Returns once every number has come to its end and every card shows it.

        Waits no longer than `seconds`: what is left then, the judge finds.
        """

        async def nothing_left() -> bool:
            return await self.history.unfinished() == (0, 0)

        with suppress(TimeoutError):
            await until(nothing_left, seconds=seconds, what="quiet", every=0.1)

    async def evidence(self) -> Evidence:
        """What all witnesses say, once the bots are gone."""
        for bot in self.bots:
            await bot.kill()
        self.bots.clear()
        return Evidence(
            asked=tuple(self.crowd.asked),
            rows=await self.history.rows(self._card),
            steps=await self.history.steps(),
            requests=await self.gateway.requests(),
            ledger=await self.gateway.ledger(),
            ticks=await self.history.ticks(),
            kills=self.kills,
            blows=tuple(self.blows),
        )

    def _card(self, channel: str, ts: str) -> str:
        message = self.slack.space.timeline.find(channel, ts)
        return self.slack.plain(message) if message else ""


@asynccontextmanager
async def housed(
    folder: Path,
    database: str,
    *,
    seed: int,
    program: Program,
    maker: type[Zygote | Fresh] = Zygote,
    **knobs: Any,
) -> AsyncIterator[House]:
    """A house in `folder`, without a bot in it; `knobs` are the gateway's."""
    knobs = {"requests_per_second": None, **knobs}
    async with AsyncExitStack() as stack:
        stack.enter_context(no_proxy())
        slack = await stack.enter_async_context(SlackSandbox(limits=Limits.none()))
        gateway = await stack.enter_async_context(GatewayProcess(folder, seed, **knobs))
        history = History(database)
        stack.push_async_callback(history.end)
        await history.begin()
        config = folder / "config.yaml"
        config.write_text(json.dumps(_sections(slack, gateway, database)))  # JSON is YAML.
        made: Zygote | Fresh = maker(config, folder / "bots.log")
        await stack.enter_async_context(made)
        house = House(slack, gateway, history, made, Crowd(slack, Random(seed)), program)
        stack.push_async_callback(_kill_all, house)
        yield house


async def _kill_all(house: House) -> None:
    await asyncio.gather(*(bot.kill() for bot in house.bots))


def _sections(slack: SlackSandbox, gateway: GatewayProcess, database: str) -> dict[str, Any]:
    """config.yaml: short leases and a short timeout; limits that 2,000 messages do not meet."""
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
            "messages_per_hour": PLENTY,
            "per_number_per_hour": PLENTY,
            "credits_per_day": PLENTY,
        },
        "outbox": {"database": database, "lease": f"{LEASE_SECONDS}s"},
    }
