"""Sending without a typed command: the form, the shortcuts, App Home and the workflow step."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_bot.outbox.dispatch.worker import MAX_IN_FLIGHT
from kwtsms_bot.slack.ids import FORM_SHORTCUT, MESSAGE_SHORTCUT
from kwtsms_sandbox.slack import GUEST, NOURA, OPS, SARA, YOUSEF, Fault, User, View
from kwtsms_sandbox.slack.envelopes import ACK_SECONDS
from kwtsms_sandbox.slack.workflow_steps import StepState
from support.bot import NUMBER, TEST_WAITS, local_env, wait_for_text


async def wait_for_form(env: LocalEnvironment, who: User = SARA, title: str = "") -> View:
    """Waits for the user's form, with this title if given."""

    def find() -> View | None:
        view = env.slack.modal(who)
        return view if view and title in view.title else None

    return await env.slack.until(find)


async def wait_for_direct_message(env: LocalEnvironment, who: User, phrase: str) -> str:
    """Waits for the direct message that contains `phrase`."""

    def find() -> str | None:
        for message in env.slack.visible(who, env.slack.dm(who)):
            if phrase in env.slack.plain(message):
                return env.slack.plain(message)
        return None

    return await env.slack.until(find, timeout=10)


async def test_send_alone_opens_a_form(tmp_path: Path) -> None:
    """The form leads to the preview and the SMS, and the card is in the channel."""
    async with local_env(tmp_path) as env:
        done = await env.slack.command(SARA, OPS, "/sms", "send")
        first = await wait_for_form(env)
        await env.slack.submit(SARA, first, {"numbers": "98765432", "text": "Hello 🎉 مرحبا"})
        preview = await wait_for_form(env, title="Review")
        preview_text = env.slack.plain(preview)
        before = list(env.gateway.ledger)
        await env.slack.submit(SARA, preview)
        await wait_for_text(env, "sent to 965")

        assert done.error is None
        assert "1 credit (1 page)" in preview_text
        assert before == []
        assert [sms.text for sms in env.gateway.inbox(NUMBER)] == ["Hello مرحبا"]
        assert env.slack.modal(SARA) is None


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"numbers": "123", "text": "hi"}, "numbers", "“123” isn't a valid phone number"),
        (
            {"numbers": "98765432, 9876 5433, 123", "text": "hi"},
            "numbers",
            "“123” isn't a valid phone number",
        ),
        ({"numbers": "98765432 @nobody", "text": "hi"}, "numbers", "@nobody isn't a contact"),
        (
            {"numbers": "98765432", "people": [GUEST.id], "text": "hi"},
            "people",
            "no phone number in their Slack profile",
        ),
        ({"text": "hi"}, "numbers", "at least one recipient"),
        ({"numbers": "98765432", "text": "🎉"}, "text", "Nothing left to send"),
        ({"numbers": "98765432", "text": "م" * 470}, "text", "too long"),
    ],
)
async def test_the_form_says_which_field_is_wrong(
    tmp_path: Path, values: dict[str, Any], field: str, said: str
) -> None:
    """The form stays open with an error at the field."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", "send")
        first = await wait_for_form(env)
        await env.slack.submit(SARA, first, values)
        now = await wait_for_form(env)

        assert said in now.errors[field]
        assert env.gateway.ledger == []


async def test_the_form_sends_once_to_a_number_that_was_named_twice(tmp_path: Path) -> None:
    """The preview says that it was."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", "send")
        typed = "98765432\n98765432"
        values = {"numbers": typed, "people": [NOURA.id], "text": "hi"}
        await env.slack.submit(SARA, await wait_for_form(env), values)
        preview = await wait_for_form(env, title="Review")
        preview_text = env.slack.plain(preview)
        await env.slack.submit(SARA, preview)
        await wait_for_text(env, "sent to 965")

        assert "Duplicate recipients: 1" in preview_text
        assert [entry.numbers for entry in env.gateway.ledger] == [(NUMBER, "96555500100")]


async def test_a_preview_submitted_twice_sends_once(tmp_path: Path) -> None:
    """Slack may deliver the submission twice."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", "send")
        await env.slack.submit(SARA, await wait_for_form(env), {"numbers": NUMBER, "text": "hi"})
        sent = await env.slack.submit(SARA, await wait_for_form(env, title="Review"))
        await env.slack.redeliver(sent)
        await wait_for_text(env, "sent to 965")

        assert len(env.gateway.ledger) == 1


SMART = "It’s a very long message that goes over seventy characters, does it not?"


async def test_a_preview_in_the_form_can_use_plain_quotes(tmp_path: Path) -> None:
    """The button shows the cheaper preview in the same modal, and that text is sent."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", "send")
        await env.slack.submit(SARA, await wait_for_form(env), {"numbers": NUMBER, "text": SMART})
        preview = await wait_for_form(env, title="Review")
        await env.slack.press(SARA, preview, "form_plainer")
        cheaper = await env.slack.until(
            lambda: (
                view
                if (view := env.slack.modal(SARA)) and "1 credit" in env.slack.plain(view)
                else None
            )
        )
        await env.slack.submit(SARA, cheaper)
        await wait_for_text(env, "sent to 965")

        assert "2 pages" in env.slack.plain(preview)
        assert [sms.text for sms in env.gateway.inbox(NUMBER)] == [SMART.replace("’", "'")]


async def test_a_typed_preview_can_use_plain_quotes(tmp_path: Path) -> None:
    """The cheaper preview replaces the first one."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} {SMART}")
        preview = await wait_for_text(env, "2 credits (2 pages)")
        await env.slack.press(SARA, preview, "send_plainer")
        cheaper = await wait_for_text(env, "1 credit (1 page)")
        await env.slack.press(SARA, cheaper, "send_confirm")
        await wait_for_text(env, "sent to 965")

        assert [sms.text for sms in env.gateway.inbox(NUMBER)] == [SMART.replace("’", "'")]


async def test_help_has_a_button_that_opens_the_form(tmp_path: Path) -> None:
    """`/sms help` is enough for a new user to find the form."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", "help")
        await env.slack.press(
            SARA, await wait_for_text(env, "To fill in a form instead"), "Send SMS"
        )

        assert (await wait_for_form(env)).callback_id == "send_form"


async def test_the_global_shortcut(tmp_path: Path) -> None:
    """A global shortcut has no channel, so the card is sent by direct message."""
    async with local_env(tmp_path) as env:
        await env.slack.shortcut(SARA, FORM_SHORTCUT)
        await env.slack.submit(SARA, await wait_for_form(env), {"numbers": NUMBER, "text": "hi"})
        await env.slack.submit(SARA, await wait_for_form(env, title="Review"))

        assert "ent to 965" in await wait_for_direct_message(env, SARA, "ent to 965")


async def test_the_message_shortcut(tmp_path: Path) -> None:
    """The form contains the message's text, and the card is in its channel."""
    async with local_env(tmp_path) as env:
        said = env.slack.say(SARA, OPS, "Disk 5 > 4 & hot")
        await env.slack.shortcut(SARA, MESSAGE_SHORTCUT, said)
        first = await wait_for_form(env)
        await env.slack.submit(SARA, first, {"numbers": NUMBER})
        await env.slack.submit(SARA, await wait_for_form(env, title="Review"))
        await wait_for_text(env, "sent to 965")

        assert [sms.text for sms in env.gateway.inbox(NUMBER)] == ["Disk 5 > 4 & hot"]


async def test_a_reader_gets_no_form(tmp_path: Path) -> None:
    """The modal shows the missing role instead of the fields."""
    async with local_env(tmp_path) as env:
        await env.slack.shortcut(NOURA, FORM_SHORTCUT)
        view = await wait_for_form(env, NOURA)

        assert view.callback_id == ""
        assert env.gateway.ledger == []


async def test_a_role_withdrawn_between_preview_and_press(tmp_path: Path) -> None:
    """The role is checked again when the preview is confirmed."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", "send")
        await env.slack.submit(SARA, await wait_for_form(env), {"numbers": NUMBER, "text": "hi"})
        preview = await wait_for_form(env, title="Review")
        await env.stop_bot()
        await env.start_bot(access={"reader": {"users": [SARA.id]}})
        await env.slack.submit(SARA, preview)
        refused = await wait_for_form(env)

        assert "You don't have permission" in env.slack.plain(refused)
        assert env.gateway.ledger == []


async def test_home_shows_the_balance_and_opens_the_form(tmp_path: Path) -> None:
    """Home shows the balance, the user's recent messages and a button to send."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await wait_for_text(env, "sent to 965")
        await env.slack.open_home(SARA)
        home = await env.slack.until(lambda: env.slack.home(SARA))
        await env.slack.press(SARA, home, "home_send")
        await wait_for_form(env)

        assert "999 credits left" in env.slack.plain(home)
        assert "· Sent ·" in env.slack.plain(home)


async def test_home_shows_an_administrator_what_to_mend(tmp_path: Path) -> None:
    """An admin sees a misspelled sender ID with its remedy; others do not."""
    async with local_env(tmp_path) as env:
        sections = env.sections["kwtsms"] | {"sender_id": "my-app"}
        await env.stop_bot()
        await env.start_bot(kwtsms=sections)
        await env.slack.open_home(YOUSEF)
        home_text = await env.slack.until(
            lambda: (
                env.slack.plain(home)
                if (home := env.slack.home(YOUSEF))
                and "Write it exactly as registered: MY-APP" in env.slack.plain(home)
                else None
            )
        )
        await env.slack.open_home(SARA)
        others = await env.slack.until(lambda: env.slack.home(SARA))

        assert "my-app isn't a sender ID of your account" in home_text
        assert "registered" not in env.slack.plain(others)


async def test_home_shows_nothing_to_those_who_may_not_read(tmp_path: Path) -> None:
    """Home shows no balance and no messages without a role."""
    async with local_env(tmp_path, access={"admin": {"users": [YOUSEF.id]}}) as env:
        await env.slack.open_home(SARA)
        home = await env.slack.until(lambda: env.slack.home(SARA))

        assert SARA.id in env.slack.plain(home)
        assert "credits" not in env.slack.plain(home)
        assert "Send SMS" not in env.slack.plain(home)


INPUTS = {"numbers": "98765432", "text": "From a workflow", "user": SARA.id}


async def test_a_workflow_sends(tmp_path: Path) -> None:
    """A workflow that is allowed sends once despite a redelivery, and outputs the message's ID."""
    access = {"sender": {"users": [SARA.id]}, "workflows": True}
    async with local_env(tmp_path, access=access) as env:
        step, interaction = await env.slack.run_step("send_sms", INPUTS)
        ended = await env.slack.wait_for_end(step)
        await env.slack.redeliver(interaction)
        await wait_for_direct_message(env, SARA, "ent to 965")

        assert ended.state is StepState.COMPLETED
        assert ended.outputs
        assert str(ended.outputs["message"]).startswith("M")
        assert len(env.gateway.ledger) == 1


async def test_a_step_that_could_not_be_ended_is_delivered_again(tmp_path: Path) -> None:
    """If Slack fails when the step ends, the step is not acknowledged, so Slack redelivers it."""
    access = {"sender": {"users": [SARA.id]}, "workflows": True}
    async with local_env(tmp_path, access=access) as env:
        env.slack.fault("functions.completeSuccess", Fault(status=503))
        step, _ = await env.slack.run_step("send_sms", INPUTS)
        ended = await env.slack.wait_for_end(step)
        await wait_for_direct_message(env, SARA, "ent to 965")

        assert ended.state is StepState.COMPLETED
        assert len(env.gateway.ledger) == 1


async def test_a_workflow_message_overtakes_queued_messages(tmp_path: Path) -> None:
    """A workflow message is usually an alert, so it is sent before typed messages."""
    access = {"sender": {"users": [SARA.id]}, "workflows": True}
    waits = replace(TEST_WAITS, finish=1.0)  # Slack takes one card a second.
    async with local_env(tmp_path, access=access, waits=waits) as env:
        env.gateway.withhold_responses()
        for number in range(11):
            await env.slack.command(SARA, OPS, "/sms", f"send {96551110000 + number} typed")
        await env.slack.run_step("send_sms", INPUTS)
        env.gateway.release_responses()
        await env.slack.until(lambda: len(env.gateway.ledger) == 12, timeout=20)

        texts = [entry.text for entry in env.gateway.ledger]
        assert texts.index("From a workflow") <= MAX_IN_FLIGHT + 1


async def test_a_step_that_was_accepted_ends_well_whatever_is_forbidden_since(
    tmp_path: Path,
) -> None:
    """A redelivered step of an accepted message completes, even after a restart that forbids it."""
    access = {"sender": {"users": [SARA.id]}}
    async with local_env(tmp_path, access=access | {"workflows": True}) as env:
        down = Fault(error="fatal_error")
        env.slack.fault("functions.completeSuccess", down, times=float("inf"))
        env.slack.ack_seconds = 0.5  # There is no acknowledgement while the step cannot be ended.
        step, interaction = await env.slack.run_step("send_sms", INPUTS)
        await wait_for_direct_message(env, SARA, "ent to 965")
        env.slack.clear_faults()
        env.slack.ack_seconds = ACK_SECONDS
        await env.stop_bot()
        await env.start_bot(access=access)
        await env.slack.redeliver(interaction)
        ended = await env.slack.wait_for_end(step)

        assert ended.state is StepState.COMPLETED
        assert len(env.gateway.ledger) == 1


@pytest.mark.parametrize(
    ("access", "changes", "said"),
    [
        ({"sender": {"users": [SARA.id]}}, {}, "Workflows aren't allowed to send"),
        ({"reader": {"users": [SARA.id]}, "workflows": True}, {}, "You don't have permission"),
        ({"sender": {"users": [SARA.id]}, "workflows": True}, {"numbers": "1"}, "valid phone"),
        ({"sender": {"users": [SARA.id]}, "workflows": True}, {"text": " "}, "message is empty"),
        ({"sender": {"channels": [OPS.id]}, "workflows": True}, {}, "You don't have permission"),
    ],
)
async def test_a_workflow_that_may_not(
    tmp_path: Path, access: dict[str, Any], changes: dict[str, str], said: str
) -> None:
    """The step fails with the reason, and nothing is sent."""
    async with local_env(tmp_path, access=access) as env:
        step, _ = await env.slack.run_step("send_sms", INPUTS | changes)
        ended = await env.slack.wait_for_end(step)

        assert ended.state is StepState.FAILED
        assert said in str(ended.error)
        assert env.gateway.ledger == []
