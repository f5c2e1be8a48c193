"""SIGTERM: calls in flight are settled and queued messages are left to the successor, in 20 s."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.cli import bot_process
from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_bot.service.waits import FINISH_SECONDS, Waits
from kwtsms_bot.slack.listeners import ACK_SECONDS
from kwtsms_sandbox.slack import OPS, SARA, Limits
from support.bot import NUMBER, BotProcess, local_env, send_requests, wait_for_text

MESSAGES = 10
TEST_INTERVAL = timedelta(seconds=0.1)
SLOW_SECONDS = ACK_SECONDS + 0.6  # The query is acknowledged, and its answer follows.
TEST_FINISH_SECONDS = 2.0
LONGEST_SECONDS = 20


@asynccontextmanager
async def running_bot(
    folder: Path, **changes: Any
) -> AsyncIterator[tuple[LocalEnvironment, BotProcess]]:
    """`kwtsms-bridge run` with short leases, so that its successor need not wait."""
    database = f"sqlite:///{folder / 'bridge.sqlite3'}"
    outbox = {"database": database, "lease": "1s"}
    async with local_env(folder, outbox=outbox) as env:
        await env.stop_bot()
        bot = BotProcess(env, **changes)
        await bot.start()
        try:
            yield env, bot
        finally:
            await bot.close()


async def stop(bot: BotProcess) -> tuple[int, float]:
    """Sends SIGTERM; returns the exit code and the seconds until the end."""
    begun = time.monotonic()
    code = await bot.end()
    return code, time.monotonic() - begun


async def queue_up(env: LocalEnvironment) -> None:
    """Sends more commands than calls are in flight at a time."""
    commands = (
        env.slack.command(SARA, OPS, "/sms", f"send 9659876540{n} no {n}") for n in range(MESSAGES)
    )
    await asyncio.gather(*commands)


async def test_a_slow_gateway_is_waited_for_and_nothing_new_is_begun(tmp_path: Path) -> None:
    """Each message is sent once: some before the stop, the others by the successor.

    A query received before the stop is answered, and no call begins meanwhile.
    """
    async with running_bot(tmp_path, interval=TEST_INTERVAL) as (env, bot):
        env.gateway.withhold_responses()
        env.gateway.fault("slow", endpoint="coverage", seconds=SLOW_SECONDS)
        env.slack.web_api.buckets.limits = Limits.none()  # Else a stop shows one card a second.
        await asyncio.gather(env.slack.command(SARA, OPS, "/sms", "coverage"), queue_up(env))
        await env.gateway.until(lambda: bool(send_requests(env)))
        ending = asyncio.create_task(stop(bot))
        await env.slack.until(lambda: not env.slack.sockets.connections, timeout=5)
        at_the_stop = len(send_requests(env))
        env.gateway.release_responses()
        code, elapsed = await ending
        sent = len(send_requests(env))
        await wait_for_text(env, "Allowed by this bot")
        await env.start_bot()
        await env.gateway.until(lambda: len(env.gateway.ledger) == MESSAGES, timeout=15)

        assert code == 0
        assert 0 < sent <= at_the_stop + 1 < MESSAGES  # One may already have been claimed.
        assert elapsed < LONGEST_SECONDS
        assert len(send_requests(env)) == MESSAGES


async def test_whatever_hangs_it_ends_in_time(tmp_path: Path) -> None:
    """The stop ends in time despite a hanging gateway, a silent Slack and repeated signals.

    The call stays in flight; the successor shows it as unknown and does not send it again. The bot
    has two seconds instead of 19, and the same second behind them as in production.
    """
    waits = Waits(finish=TEST_FINISH_SECONDS)
    async with running_bot(tmp_path, waits=waits, kwtsms={"timeout": "60s"}) as (env, bot):
        env.gateway.withhold_responses()
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await env.gateway.until(lambda: bool(send_requests(env)))
        env.slack.sockets.silence()
        ending = asyncio.create_task(stop(bot))
        while not ending.done():
            await asyncio.wait({ending}, timeout=0.5)
            bot.send_signal(signal.SIGTERM)
        code, elapsed = await ending
        env.gateway.release_responses()
        await bot.start()
        await wait_for_text(env, "may have been sent", timeout=20)

        assert code == 0
        assert elapsed < TEST_FINISH_SECONDS + LONGEST_SECONDS - FINISH_SECONDS
        assert len(send_requests(env)) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_database_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, number: int
) -> None:
    """A signal while the bot is opening its database ends it normally."""
    async with silent_server() as (port, called):
        database = {"database": f"postgresql://sms:secret@127.0.0.1:{port}/sms"}
        async with local_env(tmp_path) as env:
            bot = BotProcess(env, outbox=database)
            ending = asyncio.create_task(bot.run_to_end())
            async with asyncio.timeout(20):
                await called.wait()
            bot.send_signal(number)

            assert await ending == 0


@asynccontextmanager
async def silent_server() -> AsyncIterator[tuple[int, asyncio.Event]]:
    """Accepts connections without answering; yields its port and the event of a connection."""
    called, finished = asyncio.Event(), asyncio.Event()

    async def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        await finished.wait()
        writer.close()

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], called
        finished.set()


def test_a_stop_that_nothing_else_ends_is_cut_short() -> None:
    """A hanging thread would keep the process alive, so a timeout ends it."""
    program = (
        "import asyncio, time\n"
        "from kwtsms_bot.cli import bot_process\n"
        "bot_process.STOP_TIMEOUT_SECONDS = 0.1\n"
        "bot_process._stop(asyncio.Event())\n"
        "time.sleep(60)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False, timeout=30)

    assert ended.returncode == 1


def test_the_wall_is_behind_the_orderly_stop() -> None:
    """The timeout never cuts an orderly stop short, and both are within 20 s."""
    assert FINISH_SECONDS < bot_process.STOP_TIMEOUT_SECONDS < LONGEST_SECONDS
