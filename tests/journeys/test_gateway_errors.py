"""A gateway that is down, slow, broken or refusing: users are informed, and no SMS is lost."""

from pathlib import Path

import pytest

from kwtsms_bot.outbox.dispatch import retry
from kwtsms_sandbox.gateway import Fault
from kwtsms_sandbox.slack.demo_workspace import OPS, SARA
from support.bot import NUMBER, local_env, send_requests, wait_for_text

WITHIN = 3.0  # Slack's limit for an acknowledgement, in seconds.
SLOW_SECONDS = WITHIN + 0.5


async def test_down_the_message_waits_and_goes_out_when_it_is_back(tmp_path: Path) -> None:
    """The request was not sent, so it is retried automatically and succeeds once."""
    async with local_env(tmp_path) as env:
        await env.running.stop()
        done = await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await wait_for_text(env, "Your message is safe")
        await env.running.start()

        await wait_for_text(env, "sent to 965", timeout=20)
        assert done.acked
        assert done.duration < WITHIN
        assert len(env.gateway.ledger) == 1


async def test_slow_the_command_is_acknowledged_and_sent_once(tmp_path: Path) -> None:
    """A slow response neither delays the acknowledgement nor causes a second send."""
    async with local_env(tmp_path) as env:
        env.gateway.fault(Fault.SLOW, endpoint="send", seconds=SLOW_SECONDS)
        done = await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await wait_for_text(env, "being sent")

        await wait_for_text(env, "sent to 965", timeout=15)
        assert done.duration < WITHIN
        assert len(send_requests(env)) == 1


async def test_slow_a_question_is_acknowledged_and_answered_later(tmp_path: Path) -> None:
    """A balance that comes too late for the acknowledgement is sent to the response URL."""
    async with local_env(tmp_path) as env:
        await env.gateway.until(lambda: bool(env.gateway.requests))  # The monitor's own poll.
        env.gateway.fault(Fault.SLOW, endpoint="balance", seconds=SLOW_SECONDS)
        done = await env.slack.command(SARA, OPS, "/sms", "balance")
        await wait_for_text(env, "Still working on it")

        await wait_for_text(env, "1,000 credits left", timeout=15)
        assert done.acked
        assert done.duration < WITHIN


async def test_a_502_with_html_leaves_the_outcome_unknown(tmp_path: Path) -> None:
    """A proxy's page does not show the outcome, so the message is unknown and is not sent again."""
    async with local_env(tmp_path) as env:
        env.gateway.fault(Fault.HTML_502, endpoint="send")
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")

        await wait_for_text(env, "may have been sent")
        assert len(send_requests(env)) == 1


async def test_a_wrong_password_keeps_the_message_until_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card shows the remedy, and the message is sent once the password is right."""
    monkeypatch.setattr(retry, "ACCOUNT_ERROR_DELAYS", (1,))
    async with local_env(tmp_path) as env:
        right = env.gateway.account.password
        env.gateway.change_account(password="another")
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        card = await wait_for_text(env, "What to do")
        assert "queued" in env.slack.plain(card).casefold()
        env.gateway.change_account(password=right)

        await wait_for_text(env, "sent to 965", timeout=20)
        assert len(env.gateway.ledger) == 1


async def test_a_refused_question_says_what_to_do(tmp_path: Path) -> None:
    """ERR003 on a query is answered with its remedy."""
    async with local_env(tmp_path) as env:
        env.gateway.change_account(password="another")
        await env.slack.command(SARA, OPS, "/sms", "balance")

        assert "What to do" in env.slack.plain(await wait_for_text(env, "ERR003"))


async def test_a_question_to_a_gateway_that_is_down_says_so(tmp_path: Path) -> None:
    """The answer says that the gateway cannot be reached."""
    async with local_env(tmp_path) as env:
        await env.running.stop()
        done = await env.slack.command(SARA, OPS, "/sms", "balance")

        await wait_for_text(env, "reach kwtSMS")
        assert done.duration < WITHIN
