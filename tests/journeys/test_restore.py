"""A back-up is restored: what was sent since it was made is not sent again by the bot."""

import sqlite3
from contextlib import closing
from pathlib import Path

from kwtsms_bot.cli.stage import Stage
from kwtsms_sandbox.slack.demo import OPS, SARA
from support.bot import NUMBER, shown, staged
from support.operating import configure, operate

OTHER = "96551234567"


def back_up(folder: Path) -> None:
    """As docs/operations.md says, while the bot runs."""
    with closing(sqlite3.connect(folder / "bridge.sqlite3")) as live:
        live.execute("VACUUM INTO ?", (str(folder / "back-up.sqlite3"),))


def restore(folder: Path) -> None:
    """The back-up in place of the database, whose own files are gone."""
    for old in folder.glob("bridge.sqlite3*"):
        old.unlink()
    (folder / "back-up.sqlite3").rename(folder / "bridge.sqlite3")


async def sent_after_the_back_up(stage: Stage) -> None:
    """A message waits while the back-up is made, and goes out afterwards."""
    await stage.running.stop()
    await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
    await shown(stage, "Nothing is lost")
    back_up(stage.folder)
    await stage.running.start()
    await stage.gateway.until(lambda: bool(stage.gateway.ledger), timeout=20)
    await shown(stage, "accepted by kwtSMS")
    await stage.stop_bot()
    restore(stage.folder)


async def test_what_waited_in_the_back_up_is_not_sent_again_by_itself(tmp_path: Path) -> None:
    """After `kwtsms-bridge restored` it is unknown, a person decides, and new messages go out."""
    async with staged(tmp_path) as stage:
        await sent_after_the_back_up(stage)
        configure(tmp_path, stage.config.outbox.database)
        done = await operate(tmp_path, "restored", "--yes")
        await stage.start_bot()
        card = await shown(stage, "may have been sent since")
        await stage.slack.command(SARA, OPS, "/sms", f"send {OTHER} new")
        await stage.gateway.until(lambda: bool(stage.gateway.inbox(OTHER)), timeout=10)
        before = len(stage.gateway.inbox(NUMBER))
        stage.gateway.turn(repeat_seconds=0)
        await stage.slack.press(SARA, card, "Send again")
        await stage.gateway.until(lambda: len(stage.gateway.inbox(NUMBER)) == 2, timeout=10)

        assert (done.code, done.err) == (0, "")
        assert done.out.startswith("Unknown now: 1 numbers of 1 messages.")
        assert before == 1
