"""A stress run with alerts: tools post, people acknowledge, and bots are killed at any moment."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from chaos.alerts.environment import (
    PROGRAM,
    TEAMS,
    AlertEnvironment,
    alert_environment,
    people_of,
    team_names,
)
from chaos.alerts.evidence import PostedAlert
from chaos.alerts.judge import AlertRules, AlertVerdict, judge
from chaos.alerts.program import SETTLE_SECONDS
from chaos.alerts.tools import Body, alertmanager, native
from chaos.poll import until
from chaos.stress import SLOW_SECONDS, UNREADABLE_ANSWERS

# Shares of all conditions; the others are of one alert and one phone.
GROUP_SHARE, SHARED_SHARE = 0.3, 0.25
TWIN_SHARE, REPEAT_SHARE, END_SHARE, ACK_SHARE = 0.2, 0.3, 0.2, 0.15
LARGE_SHARE = 0.1  # Of the groups.
SMALL_GROUP, LARGE_GROUP = 2, 12  # From eleven on, a text begins with their number.
FAULTS_PER_CONDITION = 0.1
HostFault = Callable[[AlertEnvironment], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertProfile:
    """The size and speed of a run."""

    conditions: int  # Each of one alert, or of a group that grows and ends.
    kills: int
    per_second: float
    replicas: int = 1
    faults: Mapping[str, int] = field(default_factory=lambda: UNREADABLE_ANSWERS)
    drain_seconds: float = 90.0


async def run_alerts(
    folder: Path,
    database: str,
    *,
    seed: int,
    profile: AlertProfile,
    host_fault: HostFault | None = None,
    **program: Any,
) -> AlertVerdict:
    """Runs alerts and judges them; `host_fault` happens after half of the conditions."""
    settings = replace(PROGRAM, **program)
    async with alert_environment(
        folder, database, seed=seed, program=settings, latency=0.05
    ) as env:
        for _ in range(profile.replicas):
            await env.chaos.start_connected()
        async with env.chaos.supervised():
            await _run_load(env, profile, seed, host_fault)
            await env.chaos.gateway.clear_faults()
            await env.wait_until_settled(profile.drain_seconds)
        return judge(await env.collect_evidence(), AlertRules(interval=settings.interval))


async def _run_load(
    env: AlertEnvironment, profile: AlertProfile, seed: int, host_fault: HostFault | None
) -> None:
    async with asyncio.TaskGroup() as group:
        load = group.create_task(_run_conditions(env, profile, Random(seed)))
        if host_fault is not None:
            group.create_task(_inject_at_half(env, profile, host_fault))
        group.create_task(_inject_gateway_faults(env, profile, Random(seed + 1), load))
        group.create_task(_kill_bots(env, profile, Random(seed + 2)))


async def _inject_at_half(
    env: AlertEnvironment, profile: AlertProfile, host_fault: HostFault
) -> None:
    half = profile.conditions // 2
    await until(lambda: len(env.tools.alerts) >= half, seconds=120, what="half of the alerts")
    await host_fault(env)


async def _run_conditions(env: AlertEnvironment, profile: AlertProfile, rng: Random) -> None:
    """Begins all conditions at about this rate; returns once each has ended."""
    async with asyncio.TaskGroup() as group:
        for number in range(profile.conditions):
            group.create_task(Condition(env, number, Random(rng.random())).run())
            await asyncio.sleep(rng.expovariate(profile.per_second))


class Condition:
    """One condition that fires, maybe again and again, may be acknowledged, and may end."""

    def __init__(self, env: AlertEnvironment, number: int, rng: Random) -> None:
        self._env, self._number, self._rng = env, number, rng
        teams, self._is_shared = team_names(), self._happens(SHARED_SHARE)
        self._team = rng.choice(teams[TEAMS:] if self._is_shared else teams[:TEAMS])

    async def run(self) -> None:
        """Posts one alert, or a group of them."""
        if self._happens(GROUP_SHARE) and not self._is_shared:
            await self._run_group()
        else:
            await self._run_alert()

    async def _run_alert(self) -> None:
        alert = self._alert("")
        await self._post(native(alert, self._team))
        if self._happens(REPEAT_SHARE):
            await self._pause()
            await self._post(native(alert, self._team))
        if self._happens(ACK_SHARE) and alert.ref and not self._is_shared:
            await self._pause()
            await self._env.acknowledge(alert.ref)
        if self._happens(END_SHARE):
            await self._pause()
            alert.ended = True
            await self._post(native(alert, self._team, ended=True))

    async def _run_group(self) -> None:
        """A group of Alertmanager's: some alerts, a repeat, maybe one more, and maybe an end."""
        size = LARGE_GROUP if self._happens(LARGE_SHARE) else SMALL_GROUP
        name = f"group {self._number}"
        alerts = [self._alert(f"-{position}") for position in range(size)]
        await self._post(alertmanager(name, alerts, self._team))
        await self._pause()
        if self._happens(REPEAT_SHARE):
            alerts.append(self._alert("-more"))
        await self._post(alertmanager(name, alerts, self._team))
        if self._happens(ACK_SHARE) and alerts[0].ref:
            await self._env.acknowledge(alerts[0].ref)
        for one in alerts[:SMALL_GROUP] if self._happens(END_SHARE) else ():
            await self._pause()
            one.ended = True
            await self._post(alertmanager(name, alerts, self._team))

    def _alert(self, part: str) -> PostedAlert:
        title = f"host n{self._number}{part} is down"
        return self._env.tools.new_alert(title, people_of(self._team))

    async def _post(self, body: Body) -> None:
        """Posts a request; two Alertmanagers post the same."""
        twin = self._happens(TWIN_SHARE)
        await asyncio.gather(*(self._env.tools.post(body) for _ in range(1 + twin)))

    async def _pause(self) -> None:
        await asyncio.sleep(self._rng.uniform(0, 4 * SETTLE_SECONDS))

    def _happens(self, share: float) -> bool:
        return self._rng.random() < share


async def _inject_gateway_faults(
    env: AlertEnvironment, profile: AlertProfile, rng: Random, load: "asyncio.Task[None]"
) -> None:
    """Plans gateway faults while alerts come, each after the previous one has occurred."""
    faults = profile.faults
    pause = 1 / (profile.per_second * FAULTS_PER_CONDITION)
    while not load.done():
        await asyncio.sleep(rng.expovariate(1 / pause))
        (fault,) = rng.choices(tuple(faults), tuple(faults.values()))
        if not await env.chaos.gateway.count_planned_faults():
            await env.chaos.gateway.plan_fault(fault, seconds=SLOW_SECONDS)


async def _kill_bots(env: AlertEnvironment, profile: AlertProfile, rng: Random) -> None:
    """Kills random bots at random moments, one in three right after an answer to a tool."""
    pause = profile.conditions / profile.per_second / profile.kills
    for _ in range(profile.kills):
        await asyncio.sleep(rng.uniform(0, 2 * pause))
        if rng.random() < 1 / 3:
            await _wait_for_answer(env, pause)
        await until(lambda: env.chaos.alive_bots, what="a bot to kill")
        await env.chaos.kill(rng.choice(env.chaos.alive_bots))
        await env.chaos.start()


async def _wait_for_answer(env: AlertEnvironment, seconds: float) -> None:
    """Waits for the next answer to a tool, for so long at most."""
    count, answers = len(env.tools.answers), env.tools.answers
    try:
        await until(lambda: len(answers) > count, seconds=seconds, what="an answer", every=0.001)
    except TimeoutError:
        return
