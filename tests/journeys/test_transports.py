"""The central scenarios in Socket Mode and in HTTP mode, with the same results for users."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_bot.slack.ids import FORM_SHORTCUT, MESSAGE_SHORTCUT
from kwtsms_sandbox.slack import NOURA, OPS, SARA, View
from kwtsms_sandbox.slack.workflow_steps import StepState
from support.bot import NUMBER, local_env, send_requests, wait_for_text

MANY = ", ".join(str(96590000000 + n) for n in range(6))
ACCESS = {"reader": {"users": [NOURA.id]}, "sender": {"users": [SARA.id]}, "workflows": True}


@pytest.fixture(params=["socket", "http"])
async def env(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LocalEnvironment]:
    """An environment whose Slack delivers in this mode only."""
    http_mode = request.param == "http"
    async with local_env(tmp_path, use_http=http_mode, access=ACCESS) as opened:
        assert bool(opened.slack.sockets.connections) is not http_mode
        yield opened


async def wait_for_form(env: LocalEnvironment, title: str = "") -> View:
    """Waits for Sara's form, with this title if given."""

    def find() -> View | None:
        view = env.slack.modal(SARA)
        return view if view and title in view.title else None

    return await env.slack.until(find)


async def wait_until_sent(env: LocalEnvironment, count: int) -> None:
    """Waits until kwtSMS has so many messages."""
    await env.slack.until(lambda: len(env.gateway.ledger) >= count or None, timeout=10)


async def fill_in(env: LocalEnvironment, values: dict[str, str]) -> None:
    """Fills in Sara's form and confirms its preview."""
    await env.slack.submit(SARA, await wait_for_form(env), values)
    await env.slack.submit(SARA, await wait_for_form(env, "Review"))


async def test_a_command(env: LocalEnvironment) -> None:
    """A command is acknowledged, sent and shown; a redelivery is acknowledged and sends nothing."""
    typed = await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
    again = await env.slack.redeliver(typed)
    await wait_for_text(env, "sent to 965")

    assert (typed.error, again.error) == (None, None)
    assert [sms.text for sms in env.gateway.inbox(NUMBER)] == ["hi"]
    assert len(send_requests(env)) == 1


async def test_a_question(env: LocalEnvironment) -> None:
    """A query is answered to the user who asked only."""
    await env.slack.command(NOURA, OPS, "/sms", "balance")
    messages = await env.slack.until(lambda: env.slack.visible(NOURA, OPS))

    assert "1,000" in env.slack.plain(messages[-1])
    assert env.slack.visible(SARA, OPS) == []


async def test_a_form(env: LocalEnvironment) -> None:
    """The command opens the form, and its confirmed preview sends."""
    await env.slack.command(SARA, OPS, "/sms", "send")
    await fill_in(env, {"numbers": NUMBER, "text": "hi"})
    await wait_until_sent(env, 1)

    assert env.slack.modal(SARA) is None


async def test_a_button(env: LocalEnvironment) -> None:
    """A preview's button sends once, even if the press is delivered twice."""
    await env.slack.command(SARA, OPS, "/sms", f"send {MANY} hi")
    preview = await wait_for_text(env, "Review before sending")
    pressed = await env.slack.press(SARA, preview, "send_confirm")
    again = await env.slack.redeliver(pressed)
    await wait_until_sent(env, 1)

    assert (pressed.error, again.error) == (None, None)
    assert len(env.gateway.ledger) == 1


async def test_both_shortcuts(env: LocalEnvironment) -> None:
    """The global shortcut opens the form, and the message shortcut fills in the message's text."""
    await env.slack.shortcut(SARA, FORM_SHORTCUT)
    await fill_in(env, {"numbers": NUMBER, "text": "anywhere"})
    await wait_until_sent(env, 1)
    said = env.slack.say(NOURA, OPS, "The lift is stuck")
    await env.slack.shortcut(SARA, MESSAGE_SHORTCUT, said)
    await fill_in(env, {"numbers": "96551234567"})
    await wait_until_sent(env, 2)

    assert [one.text for one in env.gateway.inbox("96551234567")] == ["The lift is stuck"]


async def test_home_and_a_workflow(env: LocalEnvironment) -> None:
    """Home is published, and a workflow step completes; its redelivery sends nothing."""
    await env.slack.open_home(SARA)
    home = await env.slack.until(lambda: env.slack.home(SARA))
    inputs = {"numbers": NUMBER, "text": "hi", "user": SARA.id}
    step, interaction = await env.slack.run_step("send_sms", inputs)
    ended = await env.slack.wait_for_end(step)
    again = await env.slack.redeliver(interaction)
    await wait_until_sent(env, 1)

    assert "credits left" in env.slack.plain(home)
    assert ended.state is StepState.COMPLETED
    assert again.acked
    assert len(env.gateway.ledger) == 1


async def test_who_may_not(env: LocalEnvironment) -> None:
    """A reader cannot send by command or workflow, nor use the button of another user's card."""
    await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
    card = await wait_for_text(env, "sent to 965")
    await env.slack.command(NOURA, OPS, "/sms", f"send {NUMBER} hi")
    await env.slack.press(NOURA, card, "message_menu", "Get support text")
    inputs = {"numbers": NUMBER, "text": "hi", "user": NOURA.id}
    step, _ = await env.slack.run_step("send_sms", inputs)
    ended = await env.slack.wait_for_end(step)
    messages = await env.slack.until(
        lambda: found if len(found := env.slack.visible(NOURA, OPS)) > 2 else None
    )

    assert [message.ephemeral_to for message in messages] == [None, NOURA.id, NOURA.id]
    assert ended.state is StepState.FAILED
    assert len(send_requests(env)) == 1
