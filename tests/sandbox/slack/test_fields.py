"""The fields of a form: values, state and the checks of Slack's own window."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp

from kwtsms_sandbox.slack import OPS, SARA, NotPossible, SlackSandbox
from support.blockkit import Block, modal, plain_text, text_field
from support.slack import bolt_app, connected, on_top, opened

FORM = modal(text_field("Text", "text", max_length=10))
CHOICES = [{"text": plain_text(name), "value": name.lower()} for name in ("Ops", "Sales")]


@pytest.fixture
async def app(slack: SlackSandbox) -> AsyncIterator[AsyncApp]:
    """A connected app without listeners."""
    bolt = bolt_app(slack)
    async with connected(slack, bolt):
        yield bolt


def answer_with(app: AsyncApp, **answer: Any) -> None:
    """Makes the app answer every submission the same way."""

    @app.view("send_form")
    async def on_submit(ack: Any) -> None:
        await ack(**answer)


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [("", "required"), ("x" * 11, "no more than 10")],
)
async def test_the_window_refuses_what_is_not_right(
    slack: SlackSandbox, typed: str, complaint: str
) -> None:
    """An empty or too long field is not submitted, and the app receives nothing."""
    view = await opened(slack, FORM)

    with pytest.raises(NotPossible, match=complaint):
        await slack.submit(SARA, view, {"Text": typed})
    assert complaint in on_top(slack).errors["text"]


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [("x", "enter a number"), ("1.5", "whole"), ("0", "1 or more"), ("11", "10 or less")],
)
async def test_a_number_field_accepts_numbers(
    slack: SlackSandbox, typed: str, complaint: str
) -> None:
    """Slack's window checks the range and the kind of a number."""
    element = {
        "type": "number_input",
        "action_id": "n",
        "is_decimal_allowed": False,
        "min_value": "1",
        "max_value": "10",
    }
    field = {"type": "input", "block_id": "n", "label": plain_text("N"), "element": element}
    view = await opened(slack, modal(field))

    with pytest.raises(NotPossible, match=complaint):
        await slack.submit(SARA, view, {"N": typed})


async def test_an_optional_field_may_stay_empty(slack: SlackSandbox, app: AsyncApp) -> None:
    """An optional field that is empty has the value null."""
    answer_with(app)
    field = {**text_field("Note", "note"), "optional": True}
    interaction = await slack.submit(SARA, await opened(slack, modal(field)))

    values = interaction.payload["view"]["state"]["values"]
    assert values["note"]["note_input"] == {"type": "plain_text_input", "value": None}


async def test_a_live_field_notifies_the_app_while_typing(
    slack: SlackSandbox, app: AsyncApp
) -> None:
    """With dispatch_action the app receives each change, without it none."""
    received: list[str] = []

    @app.action("live_input")
    async def changed(ack: Any, action: Any) -> None:
        received.append(action["value"])
        await ack()

    live = {**text_field("Live", "live"), "dispatch_action": True}
    view = await opened(slack, modal(live, text_field("Quiet", "quiet")))
    await slack.press(SARA, view, "live_input", "Hel")

    assert received == ["Hel"]
    with pytest.raises(NotPossible, match="nothing before"):
        await slack.press(SARA, view, "quiet_input", "Hel")


async def test_an_external_select_asks_for_its_options(slack: SlackSandbox, app: AsyncApp) -> None:
    """The app answers with the options to choose from."""

    @app.options("contact")
    async def options(ack: Any, body: Any) -> None:
        assert body["value"] == "op"
        await ack(options=CHOICES[:1])

    element = {"type": "external_select", "action_id": "contact"}
    field = {"type": "input", "block_id": "c", "label": plain_text("Contact"), "element": element}
    view = await opened(slack, modal(field))
    interaction = await slack.suggest(SARA, view, "contact", "op")

    assert interaction.ack == {"options": CHOICES[:1]}


@pytest.mark.parametrize(
    ("element", "value", "state"),
    [
        (
            {"type": "static_select", "options": CHOICES},
            "Sales",
            {"selected_option": CHOICES[1]},
        ),
        (
            {"type": "multi_static_select", "options": CHOICES},
            ["ops", "sales"],
            {"selected_options": CHOICES},
        ),
        ({"type": "checkboxes", "options": CHOICES}, ["ops"], {"selected_options": CHOICES[:1]}),
        ({"type": "radio_buttons", "options": CHOICES}, "ops", {"selected_option": CHOICES[0]}),
        ({"type": "users_select"}, SARA.id, {"selected_user": SARA.id}),
        ({"type": "multi_users_select"}, [SARA.id], {"selected_users": [SARA.id]}),
        ({"type": "conversations_select"}, OPS.id, {"selected_conversation": OPS.id}),
        ({"type": "datepicker"}, "2026-08-01", {"selected_date": "2026-08-01"}),
        ({"type": "timepicker"}, "09:30", {"selected_time": "09:30"}),
        ({"type": "datetimepicker"}, 1_790_000_000, {"selected_date_time": 1_790_000_000}),
        ({"type": "email_text_input"}, "a@b.c", {"value": "a@b.c"}),
    ],
    ids=lambda value: value.get("type") if isinstance(value, dict) else None,
)
async def test_every_kind_of_field_reports_its_value(
    slack: SlackSandbox, *, element: Block, value: Any, state: Block
) -> None:
    """The value is reported under Slack's name for this kind of field."""
    field = {
        "type": "input",
        "block_id": "f",
        "label": plain_text("Field"),
        "element": {**element, "action_id": "a"},
    }
    view = slack.enter(SARA, await opened(slack, modal(field)), {"Field": value})

    assert view.values["f"]["a"] == {"type": element["type"], **state}


async def test_an_option_that_is_not_offered(slack: SlackSandbox) -> None:
    """Choosing an option that does not exist fails at once."""
    element = {"type": "static_select", "action_id": "a", "options": CHOICES}
    field = {"type": "input", "block_id": "f", "label": plain_text("Field"), "element": element}
    view = await opened(slack, modal(field))

    with pytest.raises(LookupError, match="Marketing"):
        slack.enter(SARA, view, {"Field": "Marketing"})
