"""Whatever happens, neither the log nor /metrics tells a number, a text or a secret."""

from pathlib import Path

from kwtsms_bot.cli.stage import Stage
from kwtsms_sandbox.gateway import Fault
from kwtsms_sandbox.slack.demo import OPS, SARA
from support.bot import BotProcess, shown, staged
from support.watching import get, watched

TEXT = "the-secret-text"
MANY = ", ".join(str(96555000000 + n) for n in range(6))
# As they are typed, and as kwtSMS knows them.
NUMBERS = ("9876 5432", "98765432", "51234567", "55000001", "55000005", "66112233", "99887766")


async def everything(stage: Stage) -> None:
    """A send, mistakes, refusals, an unknown outcome, a batch, its failures, and an outage."""
    await typed(stage, f"send +965 9876 5432 {TEXT} one", "accepted by kwtSMS")
    await typed(stage, f"send 98765432x {TEXT}", "not a phone number")
    await typed(stage, "validate +965 9876 5432, 98765432", "98765432")
    stage.gateway.fault("ERR006", endpoint="send")
    await typed(stage, f"send 51234567 {TEXT} two", "refused by kwtSMS")
    stage.gateway.fault(Fault.TRUNCATED, endpoint="send")
    await typed(stage, f"send 66112233 {TEXT} three", "it may have been sent")
    await stage.slack.press(SARA, await shown(stage, "it may have been sent"), "Treat as sent")
    stage.gateway.fault("ERR006", endpoint="send")
    await typed(stage, f"send {MANY} {TEXT} four", "6 numbers")
    await stage.slack.press(SARA, await shown(stage, "It goes to many"), "send_confirm")
    await stage.slack.press(SARA, await shown(stage, "[Failures (CSV)]"), "Failures (CSV)")
    await shown(stage, "The numbers that failed")
    await stage.running.stop()
    await typed(stage, f"send 99887766 {TEXT} five", "Nothing is lost")


async def typed(stage: Stage, line: str, then: str) -> None:
    """A command, and what is shown in the end."""
    await stage.slack.command(SARA, OPS, "/sms", line)
    await shown(stage, then)


def secrets(stage: Stage) -> tuple[str, ...]:
    """What must not be told."""
    config = stage.config
    return (
        *NUMBERS,
        TEXT,
        config.kwtsms.password.get_secret_value(),
        config.slack.bot_token.get_secret_value(),
        stage.slack.app_token,
    )


async def test_the_log_is_discreet(tmp_path: Path) -> None:
    """At debug, from the start to the stop."""
    async with staged(tmp_path) as stage:
        await stage.stop_bot()
        bot = BotProcess(stage, logging={"level": "debug"})
        await bot.start()
        await everything(stage)
        await bot.end()
        told = secrets(stage)

    assert "stopped" in bot.output
    assert bot.output.count("message accepted") == 5
    assert [one for one in told if one in bot.output] == []


async def test_the_metrics_are_discreet(tmp_path: Path) -> None:
    """Figures and states; no person, no number, no message."""
    async with watched(tmp_path) as stage:
        await everything(stage)
        page = (await get(f"{stage.watched_at}/metrics")).text
        told = (*secrets(stage), SARA.id, OPS.id)
        refs = [one.message_id for one in stage.gateway.ledger]

    assert "messages_accepted_total" in page
    assert [one for one in (*told, *refs) if one in page] == []
