"""A storm: people write, the gateway misbehaves, and bots are killed at random moments."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from chaos.bots import Bot, Fresh, Zygote
from chaos.crowd import orders
from chaos.house import House, housed
from chaos.judge import Rules, Verdict, judge
from chaos.program import Program

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
FAULTY = 0.15  # Of all messages.
SLOW_SECONDS = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How hard a storm is."""

    messages: int
    kills: int
    interval: float
    per_second: float  # How fast people write.
    jitter: float = 0.0
    replicas: int = 1
    fresh: bool = False  # Every bot is a new `kwtsms-bridge run`, at its own pace.
    faults: Mapping[str, int] = field(default_factory=lambda: FAULTS)
    calm_seconds: float = 150.0  # How long to wait for the last message, afterwards.


async def storm(folder: Path, database: str, *, seed: int, weather: Weather) -> Verdict:
    """One storm, and what is to be said of it."""
    program = Program(interval=weather.interval)
    maker = Fresh if weather.fresh else Zygote
    async with housed(
        folder, database, seed=seed, program=program, maker=maker, latency=0.05
    ) as house:
        for _ in range(weather.replicas):
            await house.connected()
        await _blow(house, weather, seed)
        await house.gateway.mend()
        await house.quiet(weather.calm_seconds)
        rules = Rules(interval=weather.interval, jitter=weather.jitter)
        return judge(await house.evidence(), rules)


async def _blow(house: House, weather: Weather, seed: int) -> None:
    chance = Random(seed)
    wanted = orders(weather.messages, f"storm {seed}", chance)
    async with asyncio.TaskGroup() as group:
        people = group.create_task(house.crowd.ask_all(wanted, per_second=weather.per_second))
        group.create_task(_trouble(house, weather, Random(seed + 1), people))
        group.create_task(_kill(house, weather, Random(seed + 2)))


async def _trouble(
    house: House, weather: Weather, chance: Random, people: "asyncio.Task[None]"
) -> None:
    """Plans faults for as long as people write."""
    pause = 1 / (weather.per_second * FAULTY)
    while not people.done():
        (fault,) = chance.choices(tuple(weather.faults), tuple(weather.faults.values()))
        await house.gateway.fault(fault, seconds=SLOW_SECONDS)
        await asyncio.sleep(chance.expovariate(1 / pause))


async def _kill(house: House, weather: Weather, chance: Random) -> None:
    """Kills one bot after the other at random moments, and starts another in its place at once."""
    pause = weather.messages / weather.per_second / weather.kills
    for _ in range(weather.kills):
        await asyncio.sleep(chance.uniform(0, 2 * pause))
        await _replace(house, chance.choice(house.bots))


async def _replace(house: House, bot: Bot) -> None:
    await house.kill(bot)
    await house.start()
