"""A stress run: people send, the gateway misbehaves, and bots are killed at random moments."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from chaos.bots import ForkServer, ProcessLauncher
from chaos.checker import CheckResult, Rules, check
from chaos.environment import ChaosEnvironment, chaos_environment
from chaos.load import planned_messages
from chaos.poll import until
from chaos.program import Program

# The gateway's faults and their relative frequencies.
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
# Without the refusals after which the bot waits for 16 and 30 seconds.
UNREADABLE_ANSWERS = {
    fault: weight for fault, weight in FAULTS.items() if not fault.startswith("ERR")
}
FAULT_RATE = 0.15  # Share of all messages.
SLOW_SECONDS = 0.4  # Below the timeout of one second, even on a busy machine.
MIN_ACCEPTED_SHARE, MIN_ACCEPTED_SHARE_WITH_HOST_FAULT = (
    0.9,
    0.3,
)  # The minimum share of accepted messages.
HostFault = Callable[[ChaosEnvironment], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StressProfile:
    """The size and speed of a stress run."""

    messages: int
    kills: int
    interval: float
    per_second: float  # Messages submitted per second.
    replicas: int = 1
    new_processes: bool = False  # Every bot is a new `kwtsms-bridge run` at the real rate.
    faults: Mapping[str, int] = field(default_factory=lambda: FAULTS)
    drain_seconds: float = 150.0  # How long to wait for the last messages.


async def run_stress(
    folder: Path,
    database: str,
    *,
    seed: int,
    profile: StressProfile,
    host_fault: HostFault | None = None,
    **program: Any,
) -> CheckResult:
    """Runs a stress test and checks it; `host_fault` happens after half of the messages."""
    settings = Program(interval=profile.interval, **program)
    launcher_type = ProcessLauncher if profile.new_processes else ForkServer
    async with chaos_environment(
        folder, database, seed=seed, program=settings, launcher_type=launcher_type, latency=0.05
    ) as env:
        for _ in range(profile.replicas):
            await env.start_connected()
        async with env.supervised():
            await _run_load(env, profile, seed, host_fault)
            await env.gateway.clear_faults()
            await env.wait_until_settled(profile.drain_seconds)
        min_accepted_share = (
            MIN_ACCEPTED_SHARE if host_fault is None else MIN_ACCEPTED_SHARE_WITH_HOST_FAULT
        )
        rules = Rules(interval=profile.interval, min_accepted_share=min_accepted_share)
        return check(await env.collect_evidence(), rules)


async def _run_load(
    env: ChaosEnvironment, profile: StressProfile, seed: int, host_fault: HostFault | None
) -> None:
    rng = Random(seed)
    messages = planned_messages(profile.messages, f"storm {seed}", rng)
    async with asyncio.TaskGroup() as group:
        if host_fault is not None:
            group.create_task(_inject_at_half(env, profile, host_fault))
        load = group.create_task(env.load.send_all(messages, per_second=profile.per_second))
        group.create_task(_inject_gateway_faults(env, profile, Random(seed + 1), load))
        group.create_task(_kill_bots(env, profile, Random(seed + 2)))


async def _inject_at_half(
    env: ChaosEnvironment, profile: StressProfile, host_fault: HostFault
) -> None:
    half = profile.messages // 2
    await until(lambda: len(env.load.submissions) >= half, seconds=120, what="half of the messages")
    await host_fault(env)


async def _inject_gateway_faults(
    env: ChaosEnvironment, profile: StressProfile, rng: Random, load: "asyncio.Task[None]"
) -> None:
    """Plans gateway faults while people send, each after the previous one has occurred.

    Otherwise they would pile up while nothing is sent, and then stop all sending for minutes.
    """
    pause = 1 / (profile.per_second * FAULT_RATE)
    while not load.done():
        (fault,) = rng.choices(tuple(profile.faults), tuple(profile.faults.values()))
        if not await env.gateway.count_planned_faults():
            await env.gateway.plan_fault(fault, seconds=SLOW_SECONDS)
        await asyncio.sleep(rng.expovariate(1 / pause))


async def _kill_bots(env: ChaosEnvironment, profile: StressProfile, rng: Random) -> None:
    """Kills random bots at random moments and starts a replacement for each at once."""
    pause = profile.messages / profile.per_second / profile.kills
    for _ in range(profile.kills):
        await asyncio.sleep(rng.uniform(0, 2 * pause))
        await until(lambda: env.alive_bots, what="a bot to kill")
        await env.kill(rng.choice(env.alive_bots))
        await env.start()
