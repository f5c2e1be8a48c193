"""A person and a form: the app's answers to a submission, and closing."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp

from kwtsms_sandbox.slack import SARA, NotPossible, SlackSandbox
from support.blockkit import actions, button, modal, section, text_field
from support.slack import bolt_app, connected, on_top, opened

FORM = modal(text_field("Text", "text", max_length=10))


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


async def test_errors_keep_the_form_open(slack: SlackSandbox, app: AsyncApp) -> None:
    """Errors are shown below their fields, and what was typed stays."""
    answer_with(app, response_action="errors", errors={"text": "An emoji alone is no SMS."})
    await slack.submit(SARA, await opened(slack, FORM), {"Text": "🎉"})

    assert slack.plain(on_top(slack)) == (
        "# Send SMS\nText: 🎉\n! An emoji alone is no SMS.\n[Cancel]  [Send]"
    )


async def test_errors_of_no_field_show_an_error(slack: SlackSandbox, app: AsyncApp) -> None:
    """Errors may refer to input blocks of this form only."""
    answer_with(app, response_action="errors", errors={"nosuch": "?"})
    interaction = await slack.submit(SARA, await opened(slack, FORM), {"Text": "hi"})

    assert interaction.error == "invalid_response_errors"
    assert on_top(slack).error_text


async def test_an_update_changes_the_form(slack: SlackSandbox, app: AsyncApp) -> None:
    """An update keeps the form and replaces its content."""
    answer_with(app, response_action="update", view=modal(section("Preview: hi")))
    view = await opened(slack, FORM)
    await slack.submit(SARA, view, {"Text": "hi"})

    assert on_top(slack).id == view.id
    assert "Preview: hi" in slack.plain(on_top(slack))


async def test_a_push_lays_a_form_on_top(slack: SlackSandbox, app: AsyncApp) -> None:
    """A pushed form knows the one below, and closing it shows that one."""
    answer_with(app, response_action="push", view=modal(section("Sure?"), callback_id="sure"))
    view = await opened(slack, FORM)
    await slack.submit(SARA, view, {"Text": "hi"})
    above = on_top(slack)
    await slack.close(SARA, above)

    assert (above.previous, above.root) == (view.id, view.id)
    assert on_top(slack).id == view.id


async def test_clear_closes_everything(slack: SlackSandbox, app: AsyncApp) -> None:
    """All forms of the stack are closed."""
    answer_with(app, response_action="clear")
    await slack.submit(SARA, await opened(slack, FORM), {"Text": "hi"})

    assert slack.modal(SARA) is None


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "update", "view": modal(section("x" * 3001))},
        {"response_action": "dance"},
    ],
    ids=["bad view", "unknown action"],
)
async def test_a_wrong_answer_shows_an_error(
    slack: SlackSandbox, app: AsyncApp, answer: Any
) -> None:
    """An invalid answer shows the user an error, and the form stays."""
    answer_with(app, **answer)
    interaction = await slack.submit(SARA, await opened(slack, FORM), {"Text": "hi"})

    assert not interaction.acked
    assert on_top(slack).error_text == "We had some trouble connecting. Try again?"


@pytest.mark.usefixtures("app")
async def test_a_late_answer_shows_an_error(slack: SlackSandbox) -> None:
    """An app that does not acknowledge the submission shows the user an error."""
    slack.ack_seconds = 0.05
    interaction = await slack.submit(SARA, await opened(slack, FORM), {"Text": "hi"})

    assert interaction.error == "operation_timeout"
    assert on_top(slack).error_text


async def test_closing_notifies_the_app_only_if_requested(
    slack: SlackSandbox, app: AsyncApp
) -> None:
    """With notify_on_close the app is notified of a closed form, without it not."""
    received: list[str] = []

    @app.view_closed("send_form")
    async def closed(ack: Any, body: Any) -> None:
        received.append(body["type"])
        await ack()

    silent = await slack.close(SARA, await opened(slack, FORM))
    await slack.close(SARA, await opened(slack, {**FORM, "notify_on_close": True}))

    assert silent is None
    assert received == ["view_closed"]


async def test_what_is_not_there_cannot_be_pressed(slack: SlackSandbox) -> None:
    """The error names the elements that exist."""
    view = await opened(slack, modal(actions(button("Go", action_id="go"))))

    with pytest.raises(NotPossible, match="there is: Go"):
        await slack.press(SARA, view, "Stop")
