"""kill -9 and SIGTERM: nothing is lost, nothing is sent twice by us; the ledger judges."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kwtsms_bot.cli.stage import Stage
from kwtsms_bot.outbox.store import INTERVAL
from kwtsms_sandbox.slack.demo import OPS, SARA
from support.bot import NUMBER, BotProcess, sends, shown, staged

LEASE = {"lease": "2s"}


@asynccontextmanager
async def killable(folder: Path) -> AsyncIterator[tuple[Stage, BotProcess]]:
    """A stage whose bot is a process of its own."""
    database = f"sqlite:///{folder / 'bridge.sqlite3'}"
    outbox = {"database": database, **LEASE}
    async with staged(folder, interval=INTERVAL, outbox=outbox) as stage:
        await stage.stop_bot()
        bot = BotProcess(stage)
        await bot.start()
        try:
            yield stage, bot
        finally:
            await bot.close()


async def test_killed_before_the_answer_the_message_becomes_unknown(tmp_path: Path) -> None:
    """What was in flight is shown as unknown after the restart, and never sent again."""
    async with killable(tmp_path) as (stage, bot):
        stage.gateway.hold()
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await stage.gateway.until(lambda: bool(stage.gateway.ledger))
        await bot.kill()
        stage.gateway.release()
        await bot.start()

        await shown(stage, "it may have been sent", timeout=20)
        assert len(sends(stage)) == 1


async def test_killed_after_the_answer_it_is_not_sent_again(tmp_path: Path) -> None:
    """The gateway has answered; whether that was written down or not, there is one SMS."""
    async with killable(tmp_path) as (stage, bot):
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await stage.gateway.until(lambda: bool(stage.gateway.inbox(NUMBER)))
        await bot.kill()
        await bot.start()
        await stage.slack.command(SARA, OPS, "/sms", "send 96551234567 second")
        await stage.gateway.until(lambda: len(stage.gateway.ledger) == 2, timeout=15)

        assert [sms.text for sms in stage.gateway.inbox(NUMBER)] == ["hi"]
        assert len(sends(stage)) == 2


async def test_killed_while_waiting_nothing_is_lost(tmp_path: Path) -> None:
    """What was accepted while the gateway was down goes out after the restart, once."""
    async with killable(tmp_path) as (stage, bot):
        await stage.running.stop()
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await shown(stage, "Nothing is lost")
        await bot.kill()
        await stage.running.start()
        await bot.start()

        await stage.gateway.until(lambda: bool(stage.gateway.inbox(NUMBER)), timeout=25)
        assert len(stage.gateway.ledger) == 1


async def test_sigterm_finishes_what_is_in_flight(tmp_path: Path) -> None:
    """A clean stop waits for the gateway's answer: the message is settled, not unknown."""
    async with killable(tmp_path) as (stage, bot):
        stage.gateway.hold()
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await stage.gateway.until(lambda: bool(stage.gateway.ledger))
        ending = bot.end()
        stage.gateway.release()

        assert await ending == 0
        await shown(stage, "accepted by kwtSMS")


async def test_the_log_of_a_run_holds_no_secret_no_number_and_no_text(tmp_path: Path) -> None:
    """Whatever happens in a run, its output tells neither tokens nor numbers nor texts."""
    async with killable(tmp_path) as (stage, bot):
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} the-secret-text")
        await shown(stage, "accepted by kwtSMS")
        await stage.running.stop()
        await stage.slack.command(SARA, OPS, "/sms", "send 96551234567 the-secret-text")
        await shown(stage, "Nothing is lost")
        await bot.end()

        config = stage.config
        secrets = (
            NUMBER,
            "96551234567",
            "the-secret-text",
            config.kwtsms.password.get_secret_value(),
            config.slack.bot_token.get_secret_value(),
            stage.slack.app_token,
        )
        assert [secret for secret in secrets if secret in bot.output] == []
        assert "stopped" in bot.output
