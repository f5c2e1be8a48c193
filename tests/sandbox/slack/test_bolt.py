"""A real Bolt app, unpatched, works with the sandbox in both transports."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp

from kwtsms_sandbox.slack import ALERTS, NOURA, OPS, SARA, SlackSandbox, StepState, Via
from support.blockkit import actions, button, home, modal, section, text_field
from support.slack import bolt_app, connected, served


@pytest.fixture(params=["socket", "http"])
async def app(slack: SlackSandbox, request: pytest.FixtureRequest) -> AsyncIterator[AsyncApp]:
    """An app without listeners, connected by socket or HTTP."""
    bolt = bolt_app(slack)
    async with (connected if request.param == "socket" else served)(slack, bolt):
        yield bolt


async def test_a_command_is_acknowledged_with_a_text(slack: SlackSandbox, app: AsyncApp) -> None:
    """The text of the acknowledgement is visible only to the user who typed the command."""

    @app.command("/sms")
    async def reply(ack: Any, command: Any) -> None:
        await ack(f"you said {command['text']}")

    interaction = await slack.command(SARA, OPS, "/sms", "balance")

    assert interaction.acked
    assert interaction.duration < 1
    assert [m.text for m in slack.visible(SARA, OPS)] == ["you said balance"]
    assert slack.visible(NOURA, OPS) == []


async def test_an_answer_comes_by_response_url(slack: SlackSandbox, app: AsyncApp) -> None:
    """`respond` reaches the user after an acknowledgement without text."""

    @app.command("/sms")
    async def reply(ack: Any, respond: Any) -> None:
        await ack()
        await respond("12.50 credits", response_type="in_channel")

    await slack.command(SARA, OPS, "/sms", "balance")

    visible = await slack.until(lambda: slack.visible(NOURA, OPS))
    assert (visible[0].text, visible[0].via) == ("12.50 credits", Via.RESPONSE_URL)


async def test_a_button_edits_its_message(slack: SlackSandbox, app: AsyncApp) -> None:
    """A press reaches the app with the message, and `chat.update` changes it in place."""

    @app.action("cancel")
    async def cancel(ack: Any, body: Any, client: Any, action: Any) -> None:
        await ack()
        place = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        await client.chat_update(**place, text=f"cancelled {action['value']}")

    blocks = [section("queued"), actions(button("Cancel", action_id="cancel", value="M1"))]
    await app.client.chat_postMessage(channel=ALERTS.id, text="queued", blocks=blocks)
    [card] = slack.visible(SARA, ALERTS)
    interaction = await slack.press(SARA, card, "Cancel")

    assert interaction.acked
    after = await slack.wait_for_change(card)
    assert slack.plain(after) == "cancelled M1"
    assert after.blocks == ()


async def test_a_form_is_opened_filled_in_and_submitted(slack: SlackSandbox, app: AsyncApp) -> None:
    """A command opens a form, the form is filled in and submitted, and it closes."""
    received: list[Any] = []

    @app.command("/sms")
    async def open_form(ack: Any, client: Any, body: Any) -> None:
        await ack()
        await client.views_open(
            trigger_id=body["trigger_id"], view=modal(text_field("Text", "text"))
        )

    @app.view("send_form")
    async def on_submit(ack: Any, view: Any) -> None:
        received.append(view["state"]["values"]["text"]["text_input"]["value"])
        await ack()

    await slack.command(SARA, OPS, "/sms", "send")
    view = await slack.until(lambda: slack.modal(SARA))
    interaction = await slack.submit(SARA, view, {"Text": "مرحبا"})

    assert interaction.acked
    assert received == ["مرحبا"]
    assert slack.modal(SARA) is None


async def test_a_shortcut_and_the_home_tab(slack: SlackSandbox, app: AsyncApp) -> None:
    """A global shortcut reaches its listener; opening Home lets the app publish it."""
    received: list[str] = []

    @app.shortcut("send_sms")
    async def shortcut(ack: Any, shortcut: Any) -> None:
        await ack()
        received.append(shortcut["user"]["id"])

    @app.event("app_home_opened")
    async def opened(event: Any, client: Any) -> None:
        await client.views_publish(user_id=event["user"], view=home(section("12.50 credits")))

    await slack.shortcut(SARA, "send_sms")
    await slack.open_home(SARA)

    assert received == [SARA.id]
    view = await slack.until(lambda: slack.home(SARA))
    assert slack.plain(view) == "12.50 credits"


async def test_a_message_shortcut_brings_the_message(slack: SlackSandbox, app: AsyncApp) -> None:
    """The app receives the message that the user chose."""
    received: list[str] = []

    @app.shortcut("text_this")
    async def text_this(ack: Any, shortcut: Any) -> None:
        await ack()
        received.append(shortcut["message"]["text"])

    await app.client.chat_postMessage(channel=OPS.id, text="disk full")
    [message] = slack.visible(SARA, OPS)
    interaction = await slack.shortcut(SARA, "text_this", message)

    assert interaction.acked
    assert received == ["disk full"]


async def test_a_workflow_step_completes_with_its_own_token(
    slack: SlackSandbox, app: AsyncApp
) -> None:
    """The step's token is valid while the step runs, and its outputs come back."""

    @app.function("send_sms")
    async def send_sms(inputs: Any, complete: Any) -> None:
        await complete({"message_id": f"for {inputs['to']}"})

    step, interaction = await slack.run_step("send_sms", {"to": "96598765432"})

    assert interaction.acked
    done = await slack.wait_for_end(step)
    assert (done.state, done.outputs) == (
        StepState.COMPLETED,
        {"message_id": "for 96598765432"},
    )


async def test_a_retried_event_says_so(slack: SlackSandbox, app: AsyncApp) -> None:
    """The second delivery of an event has the same event id and a retry number."""
    deliveries: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    @app.event("app_home_opened")
    async def opened(body: Any, request: Any) -> None:
        deliveries.put_nowait((body["event_id"], request.headers.get("x-slack-retry-num")))

    await slack.redeliver(await slack.open_home(SARA))

    first, second = await deliveries.get(), await deliveries.get()
    assert first[0] == second[0]
    assert second[1] == ["1"]
