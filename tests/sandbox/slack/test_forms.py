"""A person and a form: what the window holds back, what the app may answer."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_sandbox.slack import OPS, SARA, CannotDo, SlackSandbox, View
from support.blockkit import Block, actions, button, modal, plain_text, section, text_field
from support.slack import bolt_app, connected

FORM = modal(text_field("Text", "text", max_length=10))
CHOICES = [{"text": plain_text(name), "value": name.lower()} for name in ("Ops", "Sales")]


@pytest.fixture
async def app(slack: SlackSandbox) -> AsyncIterator[AsyncApp]:
    """A connected app without listeners."""
    bolt = bolt_app(slack)
    async with connected(slack, bolt):
        yield bolt


async def opened(slack: SlackSandbox, api: AsyncWebClient, form: Block = FORM) -> View:
    """A form that stands open before Sara."""
    trigger = slack.space.triggers.issue(SARA.id)
    await api.views_open(trigger_id=trigger, view=form)
    view = slack.modal(SARA)
    assert view is not None
    return view


def answer_with(app: AsyncApp, **answer: Any) -> None:
    """The app answers each submission alike."""

    @app.view("send_form")
    async def take(ack: Any) -> None:
        await ack(**answer)


def on_top(slack: SlackSandbox) -> View:
    """What Sara sees now."""
    view = slack.modal(SARA)
    assert view is not None
    return view


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [("", "required"), ("x" * 11, "no more than 10")],
)
async def test_the_window_holds_back_what_is_not_right(
    slack: SlackSandbox, api: AsyncWebClient, typed: str, complaint: str
) -> None:
    """An empty or too long field is not submitted; the app hears nothing."""
    view = await opened(slack, api)

    with pytest.raises(CannotDo, match=complaint):
        await slack.submit(SARA, view, {"Text": typed})
    assert complaint in on_top(slack).errors["text"]


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [("x", "enter a number"), ("1.5", "whole"), ("0", "1 or more"), ("11", "10 or less")],
)
async def test_a_number_field_takes_numbers(
    slack: SlackSandbox, api: AsyncWebClient, typed: str, complaint: str
) -> None:
    """Its range and its kind are held by the window."""
    element = {
        "type": "number_input",
        "action_id": "n",
        "is_decimal_allowed": False,
        "min_value": "1",
        "max_value": "10",
    }
    field = {"type": "input", "block_id": "n", "label": plain_text("N"), "element": element}
    view = await opened(slack, api, modal(field))

    with pytest.raises(CannotDo, match=complaint):
        await slack.submit(SARA, view, {"N": typed})


async def test_an_optional_field_may_stay_empty(
    slack: SlackSandbox, api: AsyncWebClient, app: AsyncApp
) -> None:
    """Then its value is null."""
    answer_with(app)
    field = {**text_field("Note", "note"), "optional": True}
    interaction = await slack.submit(SARA, await opened(slack, api, modal(field)))

    values = interaction.payload["view"]["state"]["values"]
    assert values["note"]["note_input"] == {"type": "plain_text_input", "value": None}


async def test_errors_keep_the_form_open(
    slack: SlackSandbox, api: AsyncWebClient, app: AsyncApp
) -> None:
    """They stand below their fields, and what was typed stays."""
    answer_with(app, response_action="errors", errors={"text": "An emoji alone is no SMS."})
    await slack.submit(SARA, await opened(slack, api), {"Text": "🎉"})

    assert slack.plain(on_top(slack)) == (
        "# Send SMS\nText: 🎉\n! An emoji alone is no SMS.\n[Cancel]  [Send]"
    )


async def test_errors_of_no_field_are_trouble(
    slack: SlackSandbox, api: AsyncWebClient, app: AsyncApp
) -> None:
    """An error for a block that is no input of this form is the app's mistake."""
    answer_with(app, response_action="errors", errors={"nosuch": "?"})
    interaction = await slack.submit(SARA, await opened(slack, api), {"Text": "hi"})

    assert interaction.error == "invalid_response_errors"
    assert on_top(slack).trouble


async def test_an_update_changes_the_form(
    slack: SlackSandbox, api: AsyncWebClient, app: AsyncApp
) -> None:
    """The same form with other content."""
    answer_with(app, response_action="update", view=modal(section("Preview: hi")))
    view = await opened(slack, api)
    await slack.submit(SARA, view, {"Text": "hi"})

    assert on_top(slack).id == view.id
    assert "Preview: hi" in slack.plain(on_top(slack))


async def test_a_push_lays_a_form_on_top(
    slack: SlackSandbox, api: AsyncWebClient, app: AsyncApp
) -> None:
    """The pushed form knows what is below, and closing it brings that back."""
    answer_with(app, response_action="push", view=modal(section("Sure?"), callback_id="sure"))
    view = await opened(slack, api)
    await slack.submit(SARA, view, {"Text": "hi"})
    above = on_top(slack)
    await slack.close(SARA, above)

    assert (above.previous, above.root) == (view.id, view.id)
    assert on_top(slack).id == view.id


async def test_clear_closes_everything(
    slack: SlackSandbox, api: AsyncWebClient, app: AsyncApp
) -> None:
    """All forms of the stack go away."""
    answer_with(app, response_action="clear")
    await slack.submit(SARA, await opened(slack, api), {"Text": "hi"})

    assert slack.modal(SARA) is None


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "update", "view": modal(section("x" * 3001))},
        {"response_action": "dance"},
    ],
    ids=["bad view", "unknown action"],
)
async def test_a_wrong_answer_leaves_trouble(
    slack: SlackSandbox, api: AsyncWebClient, app: AsyncApp, answer: Any
) -> None:
    """The person sees that something went wrong, and the form stays."""
    answer_with(app, **answer)
    interaction = await slack.submit(SARA, await opened(slack, api), {"Text": "hi"})

    assert not interaction.acked
    assert on_top(slack).trouble == "We had some trouble connecting. Try again?"


@pytest.mark.usefixtures("app")
async def test_a_late_answer_leaves_trouble(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """An app without a listener for the form does not acknowledge."""
    slack.ack_seconds = 0.05
    interaction = await slack.submit(SARA, await opened(slack, api), {"Text": "hi"})

    assert interaction.error == "operation_timeout"
    assert on_top(slack).trouble


async def test_closing_tells_the_app_only_if_asked(
    slack: SlackSandbox, api: AsyncWebClient, app: AsyncApp
) -> None:
    """notify_on_close decides."""
    heard: list[str] = []

    @app.view_closed("send_form")
    async def closed(ack: Any, body: Any) -> None:
        heard.append(body["type"])
        await ack()

    silent = await slack.close(SARA, await opened(slack, api))
    await slack.close(SARA, await opened(slack, api, {**FORM, "notify_on_close": True}))

    assert silent is None
    assert heard == ["view_closed"]


async def test_a_live_field_tells_the_app_while_typing(
    slack: SlackSandbox, api: AsyncWebClient, app: AsyncApp
) -> None:
    """With dispatch_action the app hears of each change; without it nothing."""
    heard: list[str] = []

    @app.action("live_input")
    async def changed(ack: Any, action: Any) -> None:
        heard.append(action["value"])
        await ack()

    live = {**text_field("Live", "live"), "dispatch_action": True}
    view = await opened(slack, api, modal(live, text_field("Quiet", "quiet")))
    await slack.press(SARA, view, "live_input", "Hel")

    assert heard == ["Hel"]
    with pytest.raises(CannotDo, match="nothing before"):
        await slack.press(SARA, view, "quiet_input", "Hel")


async def test_an_external_select_asks_for_its_options(
    slack: SlackSandbox, api: AsyncWebClient, app: AsyncApp
) -> None:
    """The app answers with what may be chosen."""

    @app.options("contact")
    async def options(ack: Any, body: Any) -> None:
        assert body["value"] == "op"
        await ack(options=CHOICES[:1])

    element = {"type": "external_select", "action_id": "contact"}
    field = {"type": "input", "block_id": "c", "label": plain_text("Contact"), "element": element}
    view = await opened(slack, api, modal(field))
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
    slack: SlackSandbox, api: AsyncWebClient, *, element: Block, value: Any, state: Block
) -> None:
    """Under the name that Slack uses for this kind."""
    field = {
        "type": "input",
        "block_id": "f",
        "label": plain_text("Field"),
        "element": {**element, "action_id": "a"},
    }
    view = slack.enter(SARA, await opened(slack, api, modal(field)), {"Field": value})

    assert view.values["f"]["a"] == {"type": element["type"], **state}


async def test_an_option_that_is_not_offered(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A test that chooses what is not there fails at once."""
    element = {"type": "static_select", "action_id": "a", "options": CHOICES}
    field = {"type": "input", "block_id": "f", "label": plain_text("Field"), "element": element}
    view = await opened(slack, api, modal(field))

    with pytest.raises(LookupError, match="Marketing"):
        slack.enter(SARA, view, {"Field": "Marketing"})


async def test_what_is_not_there_cannot_be_pressed(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """The complaint names what is there."""
    view = await opened(slack, api, modal(actions(button("Go", action_id="go"))))

    with pytest.raises(CannotDo, match="there is: Go"):
        await slack.press(SARA, view, "Stop")
