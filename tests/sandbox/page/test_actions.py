"""Actions on the page happen in the sandbox, and impossible ones are reported."""

from typing import Any

from kwtsms_sandbox.slack import GUEST, NOURA, OPS, RANDOM, SARA, Message
from support.blockkit import actions, button, home, modal, section, text_field
from support.page import Page, Visitor


async def posted(page: Page, *blocks: dict[str, Any]) -> Message:
    """Posts a message of the app with these blocks, and returns it."""
    await page.api.chat_postMessage(channel=OPS.id, text="x", blocks=blocks)
    return page.slack.visible(SARA, OPS)[-1]


def record_uses(page: Page, action_id: str) -> list[tuple[str, Any]]:
    """Returns a list that collects the block id and value of each use of the action."""
    uses: list[tuple[str, Any]] = []

    @page.bolt.action(action_id)
    async def use(ack: Any, action: Any) -> None:
        await ack()
        chosen = action.get("selected_option") or action
        uses.append((action["block_id"], chosen.get("value")))

    return uses


async def test_words_are_said(page: Page, visitor: Visitor) -> None:
    """A line without a slash is a message to everybody, letter for letter."""
    assert await visitor.act("write", channel=OPS.id, line="a <b> & c") == (200, None)

    assert [m.text for m in page.slack.visible(NOURA, OPS)] == ["a &lt;b&gt; &amp; c"]


async def test_a_command_reaches_the_app(page: Page, visitor: Visitor) -> None:
    """A command reaches the app with its text."""

    @page.bolt.command("/sms")
    async def reply(ack: Any, command: Any) -> None:
        await ack(f"you said {command['text']}")

    assert await visitor.act("write", channel=OPS.id, line="/sms balance now") == (200, None)
    assert [m.text for m in page.slack.visible(SARA, OPS)] == ["you said balance now"]


async def test_an_app_that_does_not_answer_is_reported(page: Page, visitor: Visitor) -> None:
    """An app that does not answer is reported with Slack's own error."""
    page.slack.ack_seconds = 0.05

    assert await visitor.act("write", channel=OPS.id, line="/sms x") == (200, "operation_timeout")


async def test_an_unknown_command_does_not_reach_the_app(visitor: Visitor) -> None:
    """An unknown command is refused, as by Slack's composer."""
    status, error = await visitor.act("write", channel=OPS.id, line="/smss send")

    assert (status, error) == (409, "/smss is not a valid command.")


async def test_nobody_writes_where_they_are_not(visitor: Visitor) -> None:
    """A person cannot write in a channel that they are not in."""
    status, error = await visitor.act("write", who=GUEST, channel=RANDOM.id, line="hi")

    assert (status, error) == (409, "tim is not in random")


async def test_a_button_is_pressed(page: Page, visitor: Visitor) -> None:
    """The app receives the block id and value of the button."""
    uses = record_uses(page, "again")
    message = await posted(page, actions(button("Again", action_id="again", value="7")))

    done = await visitor.act(
        "press", channel=OPS.id, ts=message.ts, block_id="/blocks/0", action_id="again"
    )

    assert done == (200, None)
    assert uses == [("/blocks/0", "7")]


async def test_of_buttons_with_one_action_the_right_one_is_pressed(
    page: Page, visitor: Visitor
) -> None:
    """Of several buttons with one action id, the one in the given block is pressed."""
    uses = record_uses(page, "open")
    rows = [actions(button("Open", action_id="open", value=str(n))) for n in range(3)]
    message = await posted(page, *rows)

    await visitor.act(
        "press", channel=OPS.id, ts=message.ts, block_id="/blocks/1", action_id="open"
    )

    assert uses == [("/blocks/1", "1")]


async def test_a_choice_is_made(page: Page, visitor: Visitor) -> None:
    """The value of the chosen option reaches the app."""
    uses = record_uses(page, "pick")
    options = [{"text": {"type": "plain_text", "text": name}, "value": name} for name in "ab"]
    select = {"type": "static_select", "action_id": "pick", "options": options}
    message = await posted(page, section("x") | {"accessory": select})

    await visitor.act(
        "press",
        channel=OPS.id,
        ts=message.ts,
        block_id="/blocks/0",
        action_id="pick",
        value="b",
    )

    assert uses == [("/blocks/0", "b")]


async def test_what_is_gone_cannot_be_pressed(visitor: Visitor) -> None:
    """A message that was deleted a moment ago cannot be pressed."""
    status, error = await visitor.act(
        "press", channel=OPS.id, ts="1.000000", block_id="a", action_id="b"
    )

    assert (status, error) == (409, "This message is not there any more.")


async def test_a_form_is_submitted(page: Page, visitor: Visitor) -> None:
    """A submitted form reaches the app with the typed values, by block id."""
    typed: list[str] = []

    @page.bolt.shortcut("send_sms")
    async def start(ack: Any, shortcut: Any, client: Any) -> None:
        await ack()
        view = modal(text_field("Text", "text"))
        await client.views_open(trigger_id=shortcut["trigger_id"], view=view)

    @page.bolt.view("send_form")
    async def on_submit(ack: Any, view: Any) -> None:
        await ack()
        typed.append(view["state"]["values"]["text"]["text_input"]["value"])

    await visitor.act("shortcut", callback_id="send_sms")
    view = await page.slack.until(lambda: page.slack.modal(SARA))
    assert await visitor.act("submit", view=view.id, values={"text": "مرحبا"}) == (200, None)

    assert typed == ["مرحبا"]
    assert page.slack.modal(SARA) is None


async def test_a_form_of_somebody_else_cannot_be_closed(page: Page, visitor: Visitor) -> None:
    """A person cannot close another's form."""

    @page.bolt.shortcut("send_sms")
    async def start(ack: Any, shortcut: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=shortcut["trigger_id"], view=modal(section("x")))

    await visitor.act("shortcut", callback_id="send_sms")
    view = await page.slack.until(lambda: page.slack.modal(SARA))
    status, _ = await visitor.act("close", who=NOURA, view=view.id)

    assert status == 409
    assert page.slack.modal(SARA) == view


async def test_what_the_window_refuses_is_shown_in_the_form(page: Page, visitor: Visitor) -> None:
    """An error of Slack's own window is shown below the field, and is no failed request."""

    @page.bolt.shortcut("send_sms")
    async def start(ack: Any, shortcut: Any, client: Any) -> None:
        await ack()
        view = modal(text_field("Text", "text"))
        await client.views_open(trigger_id=shortcut["trigger_id"], view=view)

    await visitor.act("shortcut", callback_id="send_sms")
    before = await page.slack.until(lambda: page.slack.modal(SARA))
    assert await visitor.act("submit", view=before.id) == (200, None)

    after = page.slack.modal(SARA)
    assert after
    assert after.errors == {"text": "Please complete this required field."}


async def test_home_is_opened(page: Page, visitor: Visitor) -> None:
    """Opening Home sends the app its event, and the app publishes the view."""

    @page.bolt.event("app_home_opened")
    async def publish(event: Any, client: Any) -> None:
        await client.views_publish(user_id=event["user"], view=home(section("hello")))

    assert await visitor.act("home") == (200, None)
    await page.slack.until(lambda: page.slack.home(SARA))


async def test_a_gateway_fault_is_planned(page: Page, visitor: Visitor) -> None:
    """A fault is planned for the next send, and can be removed."""
    assert await visitor.act("bad-day", fault="reset_after") == (200, None)
    assert [planned.endpoint for planned in page.gateway.faults] == ["send"]

    await visitor.act("mend")

    assert list(page.gateway.faults) == []


async def test_only_offered_faults_are_planned(visitor: Visitor) -> None:
    """The page plans only the faults that it offers."""
    status, _ = await visitor.act("bad-day", fault="huge")

    assert status == 400


async def test_credits_are_bought(page: Page, visitor: Visitor) -> None:
    """Credits are added a hundred at a time."""
    await visitor.act("top-up")

    assert page.gateway.balance() == 1100
