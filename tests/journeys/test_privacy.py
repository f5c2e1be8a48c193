"""Neither the log nor /metrics ever contains a number, a text or a secret."""

from pathlib import Path

from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_sandbox.gateway import Fault
from kwtsms_sandbox.slack.demo_workspace import OPS, SARA
from support.bot import TEST_INTERVAL, TEST_WAITS, BotProcess, local_env, wait_for_text
from support.operator_pages import get, monitored_env

TEXT = "the-secret-text"
MANY = ", ".join(str(96555000000 + n) for n in range(6))
# As typed, and in kwtSMS's form.
NUMBERS = ("9876 5432", "98765432", "51234567", "55000001", "55000005", "66112233", "99887766")


async def run_all_cases(env: LocalEnvironment) -> None:
    """Causes a send, errors, rejections, an unknown outcome, a bulk, its failures and an outage."""
    await run_command(env, f"send +965 9876 5432 {TEXT} one", "sent to 965")
    await run_command(env, f"send 98765432x {TEXT}", "isn't a valid phone number")
    await run_command(env, "validate +965 9876 5432, 98765432", "98765432")
    env.gateway.fault("ERR006", endpoint="send")
    await run_command(env, f"send 51234567 {TEXT} two", "rejected by kwtSMS")
    env.gateway.fault(Fault.TRUNCATED, endpoint="send")
    await run_command(env, f"send 66112233 {TEXT} three", "may have been sent")
    await env.slack.press(SARA, await wait_for_text(env, "may have been sent"), "Mark as sent")
    env.gateway.fault("ERR006", endpoint="send")
    await run_command(env, f"send {MANY} {TEXT} four", "You're sending to 6 people")
    await env.slack.press(
        SARA, await wait_for_text(env, "You're sending to 6 people"), "send_confirm"
    )
    await env.slack.press(
        SARA, await wait_for_text(env, "Download failed numbers"), "Download failed numbers"
    )
    await wait_for_text(env, "the failed numbers")
    await env.running.stop()
    await run_command(env, f"send 99887766 {TEXT} five", "Your message is safe")


async def run_command(env: LocalEnvironment, line: str, then: str) -> None:
    """Sends a command and waits for a text."""
    await env.slack.command(SARA, OPS, "/sms", line)
    await wait_for_text(env, then)


def secrets(env: LocalEnvironment) -> tuple[str, ...]:
    """The values that must not appear."""
    config = env.config
    return (
        *NUMBERS,
        TEXT,
        config.kwtsms.password.get_secret_value(),
        config.slack.bot_token.get_secret_value(),
        env.slack.app_token,
    )


async def test_the_log_contains_no_private_data(tmp_path: Path) -> None:
    """The debug log contains none of them, from start to stop."""
    async with local_env(tmp_path) as env:
        await env.stop_bot()
        bot = BotProcess(env, interval=TEST_INTERVAL, waits=TEST_WAITS, logging={"level": "debug"})
        await bot.start()
        await run_all_cases(env)
        await bot.end()
        private = secrets(env)

    assert "stopped" in bot.output
    assert bot.output.count("message accepted") == 5
    assert [one for one in private if one in bot.output] == []


async def test_the_metrics_contain_no_private_data(tmp_path: Path) -> None:
    """The metrics contain no user, number or message."""
    async with monitored_env(tmp_path) as env:
        await run_all_cases(env)
        page = (await get(f"{env.watched_at}/metrics")).text
        private = (*secrets(env), SARA.id, OPS.id)
        refs = [one.message_id for one in env.gateway.ledger]

    assert "messages_accepted_total" in page
    assert [one for one in (*private, *refs) if one in page] == []
