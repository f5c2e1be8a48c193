"""SQLite's file is removed, replaced or overwritten under the bot: nothing more is accepted."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kwtsms_sandbox.slack.demo_workspace import OPS, SARA
from support.bot import NUMBER, BotProcess, send_requests, wait_for_text
from support.database import prepare_database
from support.operator_pages import get, monitored_env


def remove(file: Path) -> None:
    """Removes the file and those beside it."""
    for one in (file, *file.parent.glob(f"{file.name}-*")):
        one.unlink()


def replace(file: Path) -> None:
    """Puts an empty file in its place."""
    file.unlink()
    file.touch()


def overwrite(file: Path) -> None:
    """Writes another database of the bot into it."""
    other = file.with_name("other")
    prepare_database(other)
    file.write_bytes(other.read_bytes())


def copy(file: Path) -> None:
    """Puts a copy in its place."""
    shutil.copy(file, file.with_name("copy"))
    file.with_name("copy").rename(file)


async def problem_of_database(address: str) -> str:
    """Waits until /readyz says that the database is not well; returns why."""
    async with asyncio.timeout(15):
        while True:
            answer = await get(f"{address}/readyz")
            if problem := answer.json()["parts"]["database"].get("problem"):
                assert answer.status_code == 503
                return str(problem)


@pytest.mark.parametrize(
    ("lose", "reason"),
    [(remove, "removed"), (replace, "replaced"), (overwrite, "overwritten"), (copy, "replaced")],
    ids=["removed", "replaced", "overwritten", "copied"],
)
async def test_a_lost_file_stops_everything(
    tmp_path: Path, lose: Callable[[Path], None], reason: str
) -> None:
    """Refuses commands, says why on /readyz, sends nothing, and still answers /healthz."""
    file = tmp_path / "bridge.sqlite3"
    async with monitored_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} first")
        await wait_for_text(env, "sent to 965")
        lose(file)
        await env.slack.command(SARA, OPS, "/sms", "send 96551234567 second")

        await wait_for_text(env, "database isn't responding")
        assert f"was {reason}" in await problem_of_database(env.watched_at)
        assert (await get(f"{env.watched_at}/healthz")).status_code == 200
        assert len(send_requests(env)) == 1


@pytest.mark.parametrize("lose", [remove, replace], ids=["removed", "replaced"])
async def test_a_restart_names_the_lost_file(tmp_path: Path, lose: Callable[[Path], None]) -> None:
    """Instead of beginning with an empty database, the bot ends with 69 and names the file."""
    file = tmp_path / "bridge.sqlite3"
    async with monitored_env(tmp_path) as env:
        lose(file)
        await env.stop_bot()
        bot = BotProcess(env)

        assert await bot.run_to_end() == 69
        assert str(file) in bot.output


async def test_after_a_restart_the_rows_of_a_copy_are_shown(tmp_path: Path) -> None:
    """A copy in the file's place is opened at the next start, and has its messages."""
    file = tmp_path / "bridge.sqlite3"
    async with monitored_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} first")
        await wait_for_text(env, "sent to 965")
        await env.stop_bot()
        copy(file)
        await env.start_bot()
        await env.slack.command(SARA, OPS, "/sms", "send 96551234567 second")

        await env.gateway.until(lambda: len(send_requests(env)) == 2)
        await env.slack.command(SARA, OPS, "/sms", "history")
        await wait_for_text(env, "965•••••432")
