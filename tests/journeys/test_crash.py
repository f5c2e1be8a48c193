"""kill -9 and SIGTERM lose no message and send none twice, as the gateway's ledger shows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_bot.outbox.store import INTERVAL
from kwtsms_sandbox.slack.demo_workspace import OPS, SARA
from support.bot import NUMBER, BotProcess, local_env, send_requests, wait_for_text

LEASE = {"lease": "2s"}


@asynccontextmanager
async def killable_bot(folder: Path) -> AsyncIterator[tuple[LocalEnvironment, BotProcess]]:
    """An environment whose bot is a separate process."""
    database = f"sqlite:///{folder / 'bridge.sqlite3'}"
    outbox = {"database": database, **LEASE}
    async with local_env(folder, interval=INTERVAL, outbox=outbox) as env:
        await env.stop_bot()
        bot = BotProcess(env)
        await bot.start()
        try:
            yield env, bot
        finally:
            await bot.close()


async def test_killed_before_the_answer_the_message_becomes_unknown(tmp_path: Path) -> None:
    """The call in flight becomes unknown after the restart and is never sent again."""
    async with killable_bot(tmp_path) as (env, bot):
        env.gateway.withhold_responses()
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await env.gateway.until(lambda: bool(env.gateway.ledger))
        await bot.kill()
        env.gateway.release_responses()
        await bot.start()

        await wait_for_text(env, "may have been sent", timeout=20)
        assert len(send_requests(env)) == 1


async def test_killed_after_the_answer_it_is_not_sent_again(tmp_path: Path) -> None:
    """Whether or not the answer was stored before the kill, there is one SMS."""
    async with killable_bot(tmp_path) as (env, bot):
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await env.gateway.until(lambda: bool(env.gateway.inbox(NUMBER)))
        await bot.kill()
        await bot.start()
        await env.slack.command(SARA, OPS, "/sms", "send 96551234567 second")
        await env.gateway.until(lambda: len(env.gateway.ledger) == 2, timeout=15)

        assert [sms.text for sms in env.gateway.inbox(NUMBER)] == ["hi"]
        assert len(send_requests(env)) == 2


async def test_killed_while_waiting_nothing_is_lost(tmp_path: Path) -> None:
    """A message accepted while the gateway was down is sent once after the restart."""
    async with killable_bot(tmp_path) as (env, bot):
        await env.running.stop()
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await wait_for_text(env, "Your message is safe")
        await bot.kill()
        await env.running.start()
        await bot.start()

        await env.gateway.until(lambda: bool(env.gateway.inbox(NUMBER)), timeout=25)
        assert len(env.gateway.ledger) == 1


async def test_sigterm_finishes_what_is_in_flight(tmp_path: Path) -> None:
    """A clean stop waits for the gateway's answer, so the message is settled."""
    async with killable_bot(tmp_path) as (env, bot):
        env.gateway.withhold_responses()
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await env.gateway.until(lambda: bool(env.gateway.ledger))
        ending = bot.end()
        env.gateway.release_responses()

        assert await ending == 0
        await wait_for_text(env, "sent to 965")


async def test_the_log_of_a_run_contains_no_secret_no_number_and_no_text(tmp_path: Path) -> None:
    """The output of a run contains no token, no number and no text."""
    async with killable_bot(tmp_path) as (env, bot):
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} the-secret-text")
        await wait_for_text(env, "sent to 965")
        await env.running.stop()
        await env.slack.command(SARA, OPS, "/sms", "send 96551234567 the-secret-text")
        await wait_for_text(env, "Your message is safe")
        await bot.end()

        config = env.config
        secrets = (
            NUMBER,
            "96551234567",
            "the-secret-text",
            config.kwtsms.password.get_secret_value(),
            config.slack.bot_token.get_secret_value(),
            env.slack.app_token,
        )
        assert [secret for secret in secrets if secret in bot.output] == []
        assert "stopped" in bot.output
