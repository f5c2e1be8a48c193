"""A real Alertmanager in front of the bot: each alert is sent once, whatever is repeated."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from journeys.test_alerts import BRIDGE, TOKENS, bridge_env, sent_texts
from support.alertmanager import running_alertmanager
from support.bot import wait_for_text
from support.bridge_waits import short_settle

__all__ = ["short_settle"]
pytestmark = pytest.mark.usefixtures("short_settle")
TOKEN = TOKENS["prometheus"]


async def test_firing_repeated_and_resolved_cost_one_message(tmp_path: Path) -> None:
    """One text for the alert; none for its repeats, nor for its end."""
    async with bridge_env(tmp_path) as (env, _):
        url = f"{env.bridge_address}/hooks/prometheus"
        async with running_alertmanager(tmp_path / "am", url, TOKEN) as alertmanager:
            await alertmanager.fire("DiskFull")
            await env.gateway.until(lambda: bool(sent_texts(env)), timeout=30)
            await alertmanager.notified(2)
            await alertmanager.end("DiskFull")
            await wait_for_text(env, "Resolved", timeout=20)

        (text,) = sent_texts(env)
        assert text.startswith("CRIT DiskFull on db01")


async def test_two_alertmanagers_cost_one_message(tmp_path: Path) -> None:
    """A highly available pair sends the same twice."""
    async with bridge_env(tmp_path) as (env, _):
        url = f"{env.bridge_address}/hooks/prometheus"
        async with (
            running_alertmanager(tmp_path / "one", url, TOKEN) as one,
            running_alertmanager(tmp_path / "two", url, TOKEN) as two,
        ):
            await asyncio.gather(one.fire("DiskFull"), two.fire("DiskFull"))
            await asyncio.gather(one.notified(1), two.notified(1))
            await env.gateway.until(lambda: bool(sent_texts(env)), timeout=30)
            await asyncio.gather(one.notified(2), two.notified(2))

        assert len(sent_texts(env)) == 1


async def test_what_fires_while_the_bot_is_away_is_sent_after_its_start(tmp_path: Path) -> None:
    """Alertmanager tries until the bot is back; the alert is sent once."""
    async with bridge_env(tmp_path) as (env, _):
        listen = env.bridge_address.removeprefix("http://")
        url = f"{env.bridge_address}/hooks/prometheus"
        await env.stop_bot()
        async with running_alertmanager(tmp_path / "am", url, TOKEN) as alertmanager:
            await alertmanager.fire("DiskFull")
            await alertmanager.notified(1)
            await env.start_bot(bridge=BRIDGE | {"listen": listen})
            await env.gateway.until(lambda: bool(sent_texts(env)), timeout=40)

        assert len(sent_texts(env)) == 1


async def test_a_locked_database_loses_nothing(tmp_path: Path) -> None:
    """While another program locks the database, the answer is 503; then it is sent once."""
    async with bridge_env(tmp_path) as (env, client):
        url = f"{env.bridge_address}/hooks/prometheus"
        async with running_alertmanager(tmp_path / "am", url, TOKEN) as alertmanager:
            lock = sqlite3.connect(
                env.folder / "bridge.sqlite3",
                timeout=20,
                isolation_level=None,
                check_same_thread=False,
            )
            await asyncio.to_thread(lock.execute, "BEGIN IMMEDIATE")
            await alertmanager.fire("DiskFull")
            answer = await client.post(
                "/hooks/scripts",
                json={"title": "other"},
                headers={"Authorization": f"Bearer {TOKENS['scripts']}"},
                timeout=30,
            )
            lock.execute("ROLLBACK")
            lock.close()
            await env.gateway.until(
                lambda: any("DiskFull" in one for one in sent_texts(env)), timeout=60
            )
            await alertmanager.notified(2)

        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert sum("DiskFull" in one for one in sent_texts(env)) == 1
