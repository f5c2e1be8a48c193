"""A thousand commands within a second are each acknowledged and accepted once."""

import asyncio
import sqlite3
from pathlib import Path

from kwtsms_bot.outbox.store import INTERVAL
from kwtsms_sandbox.slack import OPS, SARA, Interaction
from support.bot import BotProcess, local_env

COUNT = 1000
ANY = {"messages_per_hour": 10**6, "per_number_per_hour": 10**6, "credits_per_day": 10**6}


def accepted(file: Path) -> list[str]:
    """The texts in the outbox."""
    with sqlite3.connect(file) as database:
        return [text for (text,) in database.execute("SELECT text FROM message")]


async def test_a_thousand_commands_in_a_second(tmp_path: Path) -> None:
    """No command is lost or repeated; benchmarks/acknowledgement.py measures the speed."""
    async with local_env(tmp_path, interval=INTERVAL, limits=ANY) as env:
        await env.stop_bot()
        bot = BotProcess(env)
        await bot.start()

        async def typed(number: int) -> Interaction:
            await asyncio.sleep(number / COUNT)  # Spreads the commands over one second.
            text = f"send {96590000000 + number} message {number}"
            return await env.slack.command(SARA, OPS, "/sms", text)

        done = await asyncio.gather(*(typed(number) for number in range(COUNT)))
        again = await asyncio.gather(*(env.slack.redeliver(one) for one in done[:50]))
        errors = {one.error for one in (*done, *again)}
        await env.slack.until(
            lambda: len(accepted(tmp_path / "bridge.sqlite3")) == COUNT or None, timeout=60
        )
        await bot.kill()

    assert errors == {None}
    assert sorted(accepted(tmp_path / "bridge.sqlite3")) == sorted(
        f"message {number}" for number in range(COUNT)
    )
    sent = [number for entry in env.gateway.ledger for number in entry.numbers]
    assert len(sent) == len(set(sent))
