"""After a backup is restored, the bot does not resend messages sent since the backup."""

import sqlite3
from contextlib import closing
from pathlib import Path

from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_sandbox.slack.demo_workspace import OPS, SARA
from support.bot import NUMBER, local_env, wait_for_text
from support.operator_cli import run_command, write_config

OTHER = "96551234567"


def back_up(folder: Path) -> None:
    """Backs up the running bot's database as described in docs/operations.md."""
    with closing(sqlite3.connect(folder / "bridge.sqlite3")) as live:
        live.execute("VACUUM INTO ?", (str(folder / "back-up.sqlite3"),))


def restore(folder: Path) -> None:
    """Replaces the database with the backup and deletes its other files."""
    for old in folder.glob("bridge.sqlite3*"):
        old.unlink()
    (folder / "back-up.sqlite3").rename(folder / "bridge.sqlite3")


async def sent_after_the_back_up(env: LocalEnvironment) -> None:
    """Queues a message before the backup, sends it afterwards, and restores the backup."""
    await env.running.stop()
    await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
    await wait_for_text(env, "Your message is safe")
    back_up(env.folder)
    await env.running.start()
    await env.gateway.until(lambda: bool(env.gateway.ledger), timeout=20)
    await wait_for_text(env, "sent to 965")
    await env.stop_bot()
    restore(env.folder)


async def test_what_waited_in_the_back_up_is_not_sent_again_by_itself(tmp_path: Path) -> None:
    """After `kwtsms-bridge restored` the message is unknown, and new messages are sent."""
    async with local_env(tmp_path) as env:
        await sent_after_the_back_up(env)
        write_config(tmp_path, env.config.outbox.database)
        done = await run_command(tmp_path, "restored", "--yes")
        await env.start_bot()
        card = await wait_for_text(env, "may have been sent since")
        await env.slack.command(SARA, OPS, "/sms", f"send {OTHER} new")
        await env.gateway.until(lambda: bool(env.gateway.inbox(OTHER)), timeout=10)
        before = len(env.gateway.inbox(NUMBER))
        env.gateway.configure(repeat_seconds=0)
        await env.slack.press(SARA, card, "Send again")
        await env.gateway.until(lambda: len(env.gateway.inbox(NUMBER)) == 2, timeout=10)

        assert (done.code, done.err) == (0, "")
        assert done.out.startswith("Marked as unknown: 1 recipients of 1 messages.")
        assert before == 1
