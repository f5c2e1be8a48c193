"""The central scenarios, each by a socket and by HTTP: what a person sees does not tell which."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kwtsms_bot.cli.stage import Stage
from kwtsms_bot.slack.dialogs import MESSAGE_SHORTCUT, SHORTCUT
from kwtsms_sandbox.slack import NOURA, OPS, SARA, View
from kwtsms_sandbox.slack.steps import StepState
from support.bot import NUMBER, sends, shown, staged

MANY = ", ".join(str(96590000000 + n) for n in range(6))
ACCESS = {"reader": {"users": [NOURA.id]}, "sender": {"users": [SARA.id]}, "workflows": True}


@pytest.fixture(params=["socket", "http"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage whose Slack delivers in this way and in no other."""
    over_http = request.param == "http"
    async with staged(tmp_path, over_http=over_http, access=ACCESS) as made:
        assert bool(made.slack.sockets.connections) is not over_http
        yield made


async def form(stage: Stage, title: str = "") -> View:
    """The form before Sara, as soon as there is one (of this title)."""

    def find() -> View | None:
        view = stage.slack.modal(SARA)
        return view if view and title in view.title else None

    return await stage.slack.until(find)


async def sent(stage: Stage, count: int) -> None:
    """Waits until kwtSMS has so many messages."""
    await stage.slack.until(lambda: len(stage.gateway.ledger) >= count or None, timeout=10)


async def filled_in(stage: Stage, values: dict[str, str]) -> None:
    """The form before Sara, filled in, its preview confirmed."""
    await stage.slack.submit(SARA, await form(stage), values)
    await stage.slack.submit(SARA, await form(stage, "right"))


async def test_a_command(stage: Stage) -> None:
    """Acknowledged, sent, shown; brought a second time, it counts once."""
    typed = await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
    again = await stage.slack.redeliver(typed)
    await shown(stage, "accepted by kwtSMS")

    assert (typed.error, again.error) == (None, None)
    assert [sms.text for sms in stage.gateway.inbox(NUMBER)] == ["hi"]
    assert len(sends(stage)) == 1


async def test_a_question(stage: Stage) -> None:
    """Answered to the person who asked, and to nobody else."""
    await stage.slack.command(NOURA, OPS, "/sms", "balance")
    told = await stage.slack.until(lambda: stage.slack.visible(NOURA, OPS))

    assert "1,000" in stage.slack.plain(told[-1])
    assert stage.slack.visible(SARA, OPS) == []


async def test_a_form(stage: Stage) -> None:
    """Opened by the command, filled in, previewed, confirmed."""
    await stage.slack.command(SARA, OPS, "/sms", "send")
    await filled_in(stage, {"numbers": NUMBER, "text": "hi"})
    await sent(stage, 1)

    assert stage.slack.modal(SARA) is None


async def test_a_button(stage: Stage) -> None:
    """A preview is confirmed, and once."""
    await stage.slack.command(SARA, OPS, "/sms", f"send {MANY} hi")
    preview = await shown(stage, "Is this right?")
    pressed = await stage.slack.press(SARA, preview, "send_confirm")
    again = await stage.slack.redeliver(pressed)
    await sent(stage, 1)

    assert (pressed.error, again.error) == (None, None)
    assert len(stage.gateway.ledger) == 1


async def test_both_shortcuts(stage: Stage) -> None:
    """The form from anywhere, and with a message's text in it."""
    await stage.slack.shortcut(SARA, SHORTCUT)
    await filled_in(stage, {"numbers": NUMBER, "text": "anywhere"})
    await sent(stage, 1)
    said = stage.slack.say(NOURA, OPS, "The lift is stuck")
    await stage.slack.shortcut(SARA, MESSAGE_SHORTCUT, said)
    await filled_in(stage, {"numbers": "96551234567"})
    await sent(stage, 2)

    assert [one.text for one in stage.gateway.inbox("96551234567")] == ["The lift is stuck"]


async def test_home_and_a_workflow(stage: Stage) -> None:
    """Events: Home is drawn, a step ends, and brought a second time it sends nothing."""
    await stage.slack.open_home(SARA)
    home = await stage.slack.until(lambda: stage.slack.home(SARA))
    inputs = {"numbers": NUMBER, "text": "hi", "user": SARA.id}
    step, told = await stage.slack.run_step("send_sms", inputs)
    ended = await stage.slack.ended(step)
    again = await stage.slack.redeliver(told)
    await sent(stage, 1)

    assert "credits left" in stage.slack.plain(home)
    assert ended.state is StepState.COMPLETED
    assert again.acked
    assert len(stage.gateway.ledger) == 1


async def test_who_may_not(stage: Stage) -> None:
    """Neither by a command, nor by the button of somebody else's card, nor by a workflow."""
    await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
    card = await shown(stage, "accepted by kwtSMS")
    await stage.slack.command(NOURA, OPS, "/sms", f"send {NUMBER} hi")
    await stage.slack.press(NOURA, card, "message_support")
    inputs = {"numbers": NUMBER, "text": "hi", "user": NOURA.id}
    step, _ = await stage.slack.run_step("send_sms", inputs)
    ended = await stage.slack.ended(step)
    told = await stage.slack.until(
        lambda: seen if len(seen := stage.slack.visible(NOURA, OPS)) > 2 else None
    )

    assert [message.ephemeral_to for message in told] == [None, NOURA.id, NOURA.id]
    assert ended.state is StepState.FAILED
    assert len(sends(stage)) == 1
