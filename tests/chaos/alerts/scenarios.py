"""Short deterministic scenarios with alerts, each at a moment where a faulty bot does harm."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

from chaos.alerts.environment import AlertEnvironment, people_of
from chaos.alerts.evidence import PostedAlert
from chaos.alerts.judge import ACK_SECONDS
from chaos.alerts.tools import native
from chaos.poll import until
from chaos.program import FailAction, FailPoint

Scenario = Callable[[AlertEnvironment], Awaitable[None]]
REPLICAS, ALERTS = 2, 8
PAUSE_SECONDS = 0.7  # So that nearly each pass of a bundler finds an alert.


async def post(env: AlertEnvironment, number: int = 0) -> PostedAlert:
    """A script posts an alert about one of its hosts, for a team of its own."""
    team = f"team{number}"
    alert = env.tools.new_alert(f"host n{number} is down", people_of(team))
    await env.tools.post(native(alert, team))
    return alert


async def dies_after_an_answer(env: AlertEnvironment) -> None:
    """Kills the process as soon as it has answered the tool."""
    bot = await env.chaos.start_connected()
    await post(env)
    await env.chaos.kill(bot)
    await env.chaos.start_connected()
    await env.wait_until_settled(10)


async def a_tool_repeats_an_alert(env: AlertEnvironment) -> None:
    """A tool posts again what was texted and goes on."""
    await env.chaos.start_connected()
    alert = await post(env)
    await env.wait_until_settled(20)
    await env.tools.post(native(alert, "team0"))
    await env.wait_until_settled(20)


async def dies_before_recording_a_text(env: AlertEnvironment) -> None:
    """Kills the process after the gateway has accepted a text and before that is stored."""
    bot = await env.chaos.start_connected(point=FailPoint.ANSWERED, action=FailAction.DIE)
    await post(env)
    await bot.wait()
    env.chaos.record_kill(bot)
    await env.chaos.start_connected()
    await env.wait_until_settled(20)


async def two_replicas_bundle(env: AlertEnvironment) -> None:
    """Two replicas look for alerts that are due, one after the other comes."""
    for _ in range(REPLICAS):
        await env.chaos.start_connected()
    for number in range(ALERTS):
        await post(env, number)
        await asyncio.sleep(PAUSE_SECONDS)
    await env.wait_until_settled(30)


async def acknowledged_while_claimed(env: AlertEnvironment) -> None:
    """Stops a process that has claimed a text until after a person has made the text needless.

    Its lease lasts for longer than that, so it goes on as if nothing had happened.
    """
    bots = [
        await env.chaos.start_connected(point=FailPoint.CLAIMED, action=FailAction.STOP)
        for _ in range(REPLICAS)
    ]
    alert = await post(env)
    await until(lambda: any(bot.is_stopped for bot in bots), what="a claim")
    await env.acknowledge(str(alert.ref))
    await asyncio.sleep(ACK_SECONDS)
    for bot in bots:
        bot.signal(signal.SIGCONT)
    await env.wait_until_settled(20)
    await asyncio.gather(*(env.chaos.stop(bot) for bot in bots))
