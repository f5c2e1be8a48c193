"""Short deterministic scenarios, each at a moment where a faulty bot does harm."""

import asyncio
import signal
from contextlib import suppress

from chaos.environment import ChaosEnvironment
from chaos.load import PlannedMessage
from chaos.poll import until
from chaos.program import FailAction, FailPoint
from kwtsms_bot.database import DatabaseError, open_database

NUMBER = "96566000001"


def planned_message(number: int = 1, phone: str | None = None) -> PlannedMessage:
    """A message to a number of its own, or to `phone`."""
    return PlannedMessage(f"scene {number}", (phone or f"965660000{number:02d}",), redeliver=False)


async def send(env: ChaosEnvironment, *messages: PlannedMessage) -> None:
    """Submits all messages at once."""
    submissions = await asyncio.gather(*(env.load.send(one) for one in messages))
    env.load.submissions.extend(submissions)


async def somebody_writes(env: ChaosEnvironment) -> None:
    """Sends one message without any fault."""
    await env.start_connected()
    await send(env, planned_message())
    await env.wait_until_settled(10)


async def credits_are_short_for_a_moment(env: ChaosEnvironment) -> None:
    """The gateway refuses a message that it accepts five seconds later."""
    await env.gateway.plan_fault("ERR010")
    await env.start_connected()
    await send(env, planned_message())
    await env.wait_until_settled(20)


async def dies_before_recording_the_answer(env: ChaosEnvironment) -> None:
    """Kills the process after the gateway has accepted the message and before that is stored."""
    bot = await env.start_connected(point=FailPoint.ANSWERED, action=FailAction.DIE)
    await send(env, planned_message())
    await bot.wait()
    env.record_kill(bot)
    await env.start_connected()
    await env.wait_until_settled(50)


async def the_answer_is_cut_off(env: ChaosEnvironment) -> None:
    """The gateway accepts the message, and its answer never arrives."""
    await env.gateway.plan_fault("reset_after")
    await env.start_connected()
    await send(env, planned_message())
    await env.wait_until_settled(50)


async def dies_before_the_commit(env: ChaosEnvironment) -> None:
    """Kills the process while the database is slow to accept a message."""
    bot = await env.start_connected(point=FailPoint.ACCEPTING, action=FailAction.HANG)
    env.load.submissions.append(await env.load.send_once(planned_message()))
    await env.kill(bot)
    await env.start_connected()
    await env.wait_until_settled(50)


async def many_write_at_once(env: ChaosEnvironment) -> None:
    """Sends twelve messages that are all due at once."""
    await env.start_connected()
    await send(env, *(planned_message(number) for number in range(12)))
    await env.wait_until_settled(50)


async def two_messages_to_one_number(env: ChaosEnvironment) -> None:
    """Sends twice to one number; the second message must wait, or the gateway would refuse it."""
    await env.start_connected()
    await send(env, planned_message(1, NUMBER))
    await send(env, planned_message(2, NUMBER))
    await env.wait_until_settled(6)


async def wakes_with_a_refusal_after_its_lease(env: ChaosEnvironment) -> None:
    """Stops a process that has received ERR013 until another has reclaimed its call."""
    await env.gateway.plan_fault("ERR013")
    stopped_bot = await env.start_connected(point=FailPoint.ANSWERED, action=FailAction.STOP)
    await send(env, planned_message())
    await stopped_bot.wait_until_stopped()
    env.record_disruption(stopped_bot)
    await env.start_connected()
    await wait_until_reclaimed(env)
    stopped_bot.signal(signal.SIGCONT)
    await env.stop(stopped_bot)
    await env.wait_until_settled(3)


async def sleeps_past_its_lease(env: ChaosEnvironment, point: FailPoint) -> None:
    """Stops a process at this point until another has reclaimed its call, then continues it."""
    stopped_bot = await env.start_connected(point=point, action=FailAction.STOP)
    await send(env, planned_message())
    await stopped_bot.wait_until_stopped()
    env.record_disruption(stopped_bot)
    await env.start_connected()
    await env.wait_until_settled(50)
    stopped_bot.signal(signal.SIGCONT)
    await env.stop(stopped_bot)


async def sends_past_a_lock(env: ChaosEnvironment, database: str) -> None:
    """Sends while another transaction holds the lock on the rate limiter's row."""
    silent = await open_database(database)
    with suppress(DatabaseError):  # The database closes the connection.
        async with silent.transaction() as connection:
            await connection.exec_driver_sql("UPDATE rate SET next_free = next_free")
            await send(env, planned_message())
            await env.wait_until_settled(30)
            await connection.exec_driver_sql("SELECT 1")
    await silent.close()


async def wait_until_reclaimed(env: ChaosEnvironment) -> None:
    """Waits until another process has declared the call unknown."""

    async def is_unknown() -> bool:
        return "unknown" in await env.transition_log.states()

    await until(is_unknown, what="a call taken over")


async def two_replicas_start(env: ChaosEnvironment) -> None:
    """Two replicas are due to check the balance in the same slot."""
    bots = [await env.start_connected(), await env.start_connected()]
    await asyncio.gather(*(env.stop(bot) for bot in bots))
