"""views.*: when a form may open, how it may change, and which typed values stay."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_sandbox.slack import NOURA, OPS, SARA, SlackSandbox
from support.blockkit import actions, button, home, modal, plain_text, section, text_field
from support.slack import opened, refusal

FORM = modal(text_field("Text", "text"))


async def trigger(slack: SlackSandbox) -> str:
    """Returns a new trigger id of Sara's."""
    return (await slack.command(SARA, OPS, "/sms")).trigger_id


async def test_a_trigger_opens_one_form(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """The second use of the same trigger is refused."""
    trigger_id = await trigger(slack)
    await api.views_open(trigger_id=trigger_id, view=FORM)

    again = api.views_open(trigger_id=trigger_id, view=FORM)
    assert await refusal(again) == "exchanged_trigger_id"


async def test_a_trigger_lasts_three_seconds(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A trigger works 2.9 s after the user acted, and no longer after 3.1 s."""
    early, late = await trigger(slack), await trigger(slack)
    slack.clock.advance(2.9)
    await api.views_open(trigger_id=early, view=FORM)
    slack.clock.advance(0.2)

    assert await refusal(api.views_open(trigger_id=late, view=FORM)) == "expired_trigger_id"


async def test_an_invented_trigger_is_refused(api: AsyncWebClient) -> None:
    """Only an issued trigger opens a form."""
    call = api.views_open(trigger_id="1.2.abc", view=FORM)

    assert await refusal(call) == "invalid_trigger_id"


async def test_a_bad_form_is_refused_with_its_reasons(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """A bad form is refused with invalid_arguments, and nothing opens."""
    trigger_id = await trigger(slack)
    form = modal(text_field("Text", "text"), title=plain_text("x" * 25))
    call = api.views_open(trigger_id=trigger_id, view=form)

    assert await refusal(call) == "invalid_arguments"
    assert slack.modal(SARA) is None


async def test_a_form_belongs_to_who_acted(slack: SlackSandbox) -> None:
    """Only its own user sees the form and can submit it."""
    view = await opened(slack, FORM)

    assert slack.modal(NOURA) is None
    with pytest.raises(LookupError):
        await slack.submit(NOURA, view, {"Text": "mine"})


async def test_an_update_keeps_what_was_typed(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A field with the same ids keeps its typed value, even against a new initial value."""
    view = slack.enter(SARA, await opened(slack, FORM), {"Text": "Hello"})
    form = modal(section("preview"), text_field("Text", "text", initial_value="other"))
    await api.views_update(view_id=view.id, view=form)

    now = slack.modal(SARA)
    assert now is not None
    assert slack.plain(now) == "# Send SMS\npreview\nText: Hello\n[Cancel]  [Send]"


async def test_an_update_with_another_id_forgets(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A new block id is a new field, with its initial value."""
    view = slack.enter(SARA, await opened(slack, FORM), {"Text": "Hello"})
    await api.views_update(view_id=view.id, view=modal(text_field("Text", "t2")))

    now = slack.modal(SARA)
    assert now is not None
    assert now.values["t2"]["t2_input"]["value"] is None


async def test_an_outdated_hash_is_a_conflict(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """Of two updates from the same state, the second is refused."""
    view = await opened(slack, FORM)
    await api.views_update(view_id=view.id, hash=view.hash, view=FORM)

    again = api.views_update(view_id=view.id, hash=view.hash, view=FORM)
    assert await refusal(again) == "hash_conflict"


async def test_a_closed_form_cannot_be_updated(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A form that was closed cannot be updated."""
    view = await opened(slack, FORM)
    await slack.close(SARA, view)

    assert await refusal(api.views_update(view_id=view.id, view=FORM)) == "not_found"


async def test_an_external_id_names_a_form_once(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """An external id finds its form, and no second form can have the same one."""
    form = {**FORM, "external_id": "send-1"}
    await opened(slack, form)
    await api.views_update(external_id="send-1", view=form)

    again = api.views_open(trigger_id=await trigger(slack), view=form)
    assert await refusal(again) == "duplicate_external_id"


async def test_three_forms_at_most(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A stack has at most three forms; another push is refused."""
    view = await opened(slack, modal(actions(button("More", action_id="more"))))
    for _ in range(2):
        press = await slack.press(SARA, view, "More")
        await api.views_push(trigger_id=press.trigger_id, view=dict(view.body))
        view = slack.modal(SARA) or view

    press = await slack.press(SARA, view, "More")
    again = api.views_push(trigger_id=press.trigger_id, view=FORM)
    assert await refusal(again) == "push_limit_reached"
    assert len(slack.space.modals.stack(SARA.id)) == 3


async def test_a_push_needs_a_form_below(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A trigger from a command cannot push a form."""
    call = api.views_push(trigger_id=await trigger(slack), view=FORM)

    assert await refusal(call) == "not_found"


async def test_home_is_published_for_one_person(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """Each user has their own Home, and an update keeps its id."""
    first = await api.views_publish(user_id=SARA.id, view=home(section("one")))
    second = await api.views_publish(user_id=SARA.id, view=home(section("two")))

    view = slack.home(SARA)
    assert view is not None
    assert slack.plain(view) == "two"
    assert first["view"]["id"] == second["view"]["id"]
    assert slack.home(NOURA) is None


async def test_a_modal_is_no_home(api: AsyncWebClient) -> None:
    """views.publish refuses a modal."""
    assert await refusal(api.views_publish(user_id=SARA.id, view=FORM)) == "invalid_arguments"


async def test_nobodys_home(api: AsyncWebClient) -> None:
    """views.publish refuses an unknown user."""
    assert await refusal(api.views_publish(user_id="U404", view=home())) == "user_not_found"


async def test_a_button_on_home_reaches_the_app(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A press on Home sends the view and a trigger."""
    await api.views_publish(user_id=SARA.id, view=home(actions(button("Send", action_id="send"))))
    view = slack.home(SARA)
    assert view is not None
    interaction = await slack.press(SARA, view, "Send")

    assert interaction.payload["view"]["type"] == "home"
    assert interaction.trigger_id
