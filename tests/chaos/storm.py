"""A storm: people write, the gateway misbehaves, and bots are killed at random moments."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from chaos.bots import Fresh, Zygote
from chaos.crowd import orders
from chaos.house import House, housed
from chaos.judge import Rules, Verdict, judge
from chaos.program import Program
from chaos.waiting import until

# What the gateway does wrong, and how often beside the others.
FAULTS = {
    "reset_before": 3,
    "reset_after": 3,
    "hang_before": 1,
    "hang": 1,
    "html_502": 2,
    "html_502_after": 2,
    "truncated": 1,
    "slow": 1,
    "ERR013": 1,
    "ERR028": 2,
}
# Without the refusals after which the bot waits for 16 and for 30 seconds.
UNREADABLE = {fault: weight for fault, weight in FAULTS.items() if not fault.startswith("ERR")}
FAULTY = 0.15  # Of all messages.
SLOW_SECONDS = 0.4  # Under a timeout of one, on a busy machine too.
CALM_SERVED, TROUBLED_SERVED = 0.9, 0.3  # The share of what people ask that must be accepted.
Trouble = Callable[[House], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How hard a storm is."""

    messages: int
    kills: int
    interval: float
    per_second: float  # How fast people write.
    replicas: int = 1
    fresh: bool = False  # Every bot is a new `kwtsms-bridge run`, at its own pace.
    faults: Mapping[str, int] = field(default_factory=lambda: FAULTS)
    calm_seconds: float = 150.0  # How long to wait for the last message, afterwards.


async def storm(
    folder: Path,
    database: str,
    *,
    seed: int,
    weather: Weather,
    trouble: Trouble | None = None,
    **program: Any,
) -> Verdict:
    """One storm, and what is to be said of it; `trouble` comes on top, in the middle of it."""
    settings = Program(interval=weather.interval, **program)
    maker = Fresh if weather.fresh else Zygote
    async with housed(
        folder, database, seed=seed, program=settings, maker=maker, latency=0.05
    ) as house:
        for _ in range(weather.replicas):
            await house.connected()
        async with house.kept():
            await _blow(house, weather, seed, trouble)
            await house.gateway.mend()
            await house.quiet(weather.calm_seconds)
        served = CALM_SERVED if trouble is None else TROUBLED_SERVED
        rules = Rules(interval=weather.interval, served=served)
        return judge(await house.evidence(), rules)


async def _blow(house: House, weather: Weather, seed: int, trouble: Trouble | None) -> None:
    chance = Random(seed)
    wanted = orders(weather.messages, f"storm {seed}", chance)
    async with asyncio.TaskGroup() as group:
        if trouble is not None:
            group.create_task(_once_half_is_asked(house, weather, trouble))
        people = group.create_task(house.crowd.ask_all(wanted, per_second=weather.per_second))
        group.create_task(_misbehave(house, weather, Random(seed + 1), people))
        group.create_task(_kill(house, weather, Random(seed + 2)))


async def _once_half_is_asked(house: House, weather: Weather, trouble: Trouble) -> None:
    half = weather.messages // 2
    await until(lambda: len(house.crowd.asked) >= half, seconds=120, what="half of the messages")
    await trouble(house)


async def _misbehave(
    house: House, weather: Weather, chance: Random, people: "asyncio.Task[None]"
) -> None:
    """Plans faults for as long as people write, each when the one before has found its send.

    While nothing is sent they would pile up, and hold all sending for minutes once they are met.
    """
    pause = 1 / (weather.per_second * FAULTY)
    while not people.done():
        (fault,) = chance.choices(tuple(weather.faults), tuple(weather.faults.values()))
        if not await house.gateway.faults():
            await house.gateway.fault(fault, seconds=SLOW_SECONDS)
        await asyncio.sleep(chance.expovariate(1 / pause))


async def _kill(house: House, weather: Weather, chance: Random) -> None:
    """Kills one bot after the other at random moments, and starts another in its place at once."""
    pause = weather.messages / weather.per_second / weather.kills
    for _ in range(weather.kills):
        await asyncio.sleep(chance.uniform(0, 2 * pause))
        await until(lambda: house.alive, what="a bot to kill")
        await house.kill(chance.choice(house.alive))
        await house.start()
