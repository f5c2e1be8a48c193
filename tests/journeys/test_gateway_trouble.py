"""The gateway down, slow, broken or refusing: people know, and nothing is lost or doubled."""

from pathlib import Path

from kwtsms_sandbox.gateway import Fault
from kwtsms_sandbox.slack.demo import OPS, SARA
from support.bot import NUMBER, sends, shown, staged

WITHIN = 3.0  # Slack's limit for an acknowledgement, in seconds.


async def test_down_the_message_waits_and_goes_out_when_it_is_back(tmp_path: Path) -> None:
    """Nothing left this machine, so it is tried again by itself, once successfully."""
    async with staged(tmp_path) as stage:
        await stage.running.stop()
        done = await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await shown(stage, "Nothing is lost")
        await stage.running.start()

        await shown(stage, "accepted by kwtSMS", timeout=20)
        assert done.acked
        assert done.took < WITHIN
        assert len(stage.gateway.ledger) == 1


async def test_slow_the_command_is_acknowledged_and_sent_once(tmp_path: Path) -> None:
    """Eight seconds for an answer are no reason to send twice, nor to keep Slack waiting."""
    async with staged(tmp_path) as stage:
        stage.gateway.fault(Fault.SLOW, endpoint="send", seconds=8)
        done = await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await shown(stage, "being sent")

        await shown(stage, "accepted by kwtSMS", timeout=15)
        assert done.took < WITHIN
        assert len(sends(stage)) == 1


async def test_slow_a_question_is_acknowledged_and_answered_later(tmp_path: Path) -> None:
    """A balance that takes eight seconds arrives by the response URL."""
    async with staged(tmp_path) as stage:
        await stage.gateway.until(lambda: bool(stage.gateway.requests))  # The watch's own question.
        stage.gateway.fault(Fault.SLOW, endpoint="balance", seconds=8)
        done = await stage.slack.command(SARA, OPS, "/sms", "balance")
        await shown(stage, "the answer follows")

        await shown(stage, "1,000 credits left", timeout=15)
        assert done.acked
        assert done.took < WITHIN


async def test_a_502_with_html_leaves_the_outcome_unknown(tmp_path: Path) -> None:
    """A proxy's page says nothing of what the gateway did: it is shown so, and not sent again."""
    async with staged(tmp_path) as stage:
        stage.gateway.fault(Fault.HTML_502, endpoint="send")
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")

        await shown(stage, "it may have been sent")
        assert len(sends(stage)) == 1


async def test_a_wrong_password_keeps_the_message_until_it_is_mended(tmp_path: Path) -> None:
    """The card says what to mend; once it is, the message goes out."""
    async with staged(tmp_path) as stage:
        right = stage.gateway.account.password
        stage.gateway.change_account(password="another")
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        card = await shown(stage, "What to do")
        assert "waiting to be sent" in stage.slack.plain(card).casefold()
        stage.gateway.change_account(password=right)

        await shown(stage, "accepted by kwtSMS", timeout=20)
        assert len(stage.gateway.ledger) == 1


async def test_a_refused_question_says_what_to_do(tmp_path: Path) -> None:
    """ERR003 on a question is answered with its remedy."""
    async with staged(tmp_path) as stage:
        stage.gateway.change_account(password="another")
        await stage.slack.command(SARA, OPS, "/sms", "balance")

        assert "What to do" in stage.slack.plain(await shown(stage, "ERR003"))


async def test_a_question_to_a_gateway_that_is_down_says_so(tmp_path: Path) -> None:
    """Nobody waits for an answer that cannot come."""
    async with staged(tmp_path) as stage:
        await stage.running.stop()
        done = await stage.slack.command(SARA, OPS, "/sms", "balance")

        await shown(stage, "cannot be reached")
        assert done.took < WITHIN
