"""Without typing a command: the form, the shortcuts, App Home, and the step of a workflow."""

from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.cli.stage import Stage
from kwtsms_bot.outbox.worker import MAX_IN_FLIGHT
from kwtsms_bot.slack.dialogs import MESSAGE_SHORTCUT, SHORTCUT
from kwtsms_sandbox.slack import NOURA, OPS, SARA, YOUSEF, Fault, User, View
from kwtsms_sandbox.slack.steps import StepState
from support.bot import NUMBER, shown, staged


async def form(stage: Stage, who: User = SARA, title: str = "") -> View:
    """The form before somebody, as soon as there is one (of this title)."""

    def find() -> View | None:
        view = stage.slack.modal(who)
        return view if view and title in view.title else None

    return await stage.slack.until(find)


async def direct(stage: Stage, who: User, phrase: str) -> str:
    """The direct message that says `phrase`."""

    def find() -> str | None:
        for message in stage.slack.visible(who, stage.slack.dm(who)):
            if phrase in stage.slack.plain(message):
                return stage.slack.plain(message)
        return None

    return await stage.slack.until(find, timeout=10)


async def test_send_alone_opens_a_form(tmp_path: Path) -> None:
    """From the form by way of the preview to the phone; the card is in the channel."""
    async with staged(tmp_path) as stage:
        done = await stage.slack.command(SARA, OPS, "/sms", "send")
        first = await form(stage)
        await stage.slack.submit(SARA, first, {"numbers": "98765432", "text": "Hello 🎉 مرحبا"})
        preview = await form(stage, title="right")
        told = stage.slack.plain(preview)
        before = list(stage.gateway.ledger)
        await stage.slack.submit(SARA, preview)
        await shown(stage, "accepted by kwtSMS")

        assert done.error is None
        assert "1 page: 1 credit" in told
        assert before == []
        assert [sms.text for sms in stage.gateway.inbox(NUMBER)] == ["Hello  مرحبا"]
        assert stage.slack.modal(SARA) is None


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"numbers": "123", "text": "hi"}, "numbers", "not a phone number"),
        ({"text": "hi"}, "numbers", "There is no phone number"),
        ({"numbers": "98765432", "text": "🎉"}, "text", "Nothing is left"),
        ({"numbers": "98765432", "text": "م" * 470}, "text", "too long"),
    ],
)
async def test_the_form_says_which_field_is_wrong(
    tmp_path: Path, values: dict[str, Any], field: str, said: str
) -> None:
    """The form stays open, with a sentence at the field; what was typed is still there."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", "send")
        first = await form(stage)
        await stage.slack.submit(SARA, first, values)
        now = await form(stage)

        assert said in now.errors[field]
        assert stage.gateway.ledger == []


async def test_the_form_leaves_out_what_is_wrong_and_says_so(tmp_path: Path) -> None:
    """Good numbers, bad ones, one twice, a colleague: the preview says what becomes of each."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", "send")
        typed = "98765432\n98765432\n123"
        values = {"numbers": typed, "people": [NOURA.id], "text": "hi"}
        await stage.slack.submit(SARA, await form(stage), values)
        preview = await form(stage, title="right")
        told = stage.slack.plain(preview)
        await stage.slack.submit(SARA, preview)
        await shown(stage, "accepted by kwtSMS")

        assert "named twice: 1" in told
        assert "123" in told
        assert [entry.numbers for entry in stage.gateway.ledger] == [(NUMBER, "96555500100")]


async def test_a_preview_submitted_twice_sends_once(tmp_path: Path) -> None:
    """Slack may deliver the submission again."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", "send")
        await stage.slack.submit(SARA, await form(stage), {"numbers": NUMBER, "text": "hi"})
        sent = await stage.slack.submit(SARA, await form(stage, title="right"))
        await stage.slack.redeliver(sent)
        await shown(stage, "accepted by kwtSMS")

        assert len(stage.gateway.ledger) == 1


SMART = "It’s a very long message that goes over seventy characters, does it not?"


async def test_a_preview_in_the_form_can_take_plain_quotes(tmp_path: Path) -> None:
    """The button shows the cheaper preview in the same window; that one is sent."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", "send")
        await stage.slack.submit(SARA, await form(stage), {"numbers": NUMBER, "text": SMART})
        preview = await form(stage, title="right")
        await stage.slack.press(SARA, preview, "form_plainer")
        cheaper = await stage.slack.until(
            lambda: (
                view
                if (view := stage.slack.modal(SARA)) and "1 credit" in stage.slack.plain(view)
                else None
            )
        )
        await stage.slack.submit(SARA, cheaper)
        await shown(stage, "accepted by kwtSMS")

        assert "2 pages" in stage.slack.plain(preview)
        assert [sms.text for sms in stage.gateway.inbox(NUMBER)] == [SMART.replace("’", "'")]


async def test_a_typed_preview_can_take_plain_quotes(tmp_path: Path) -> None:
    """The cheaper preview stands in the place of the first, whose button is used up."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} {SMART}")
        preview = await shown(stage, "2 pages: 2 credits")
        await stage.slack.press(SARA, preview, "send_plainer")
        cheaper = await shown(stage, "1 page: 1 credit")
        await stage.slack.press(SARA, cheaper, "send_confirm")
        await shown(stage, "accepted by kwtSMS")

        assert [sms.text for sms in stage.gateway.inbox(NUMBER)] == [SMART.replace("’", "'")]


async def test_help_has_a_button_that_opens_the_form(tmp_path: Path) -> None:
    """Who has never seen the bot needs nothing else."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", "help")
        await stage.slack.press(SARA, await shown(stage, "alone opens a form"), "Send SMS")

        assert (await form(stage)).callback_id == "send_form"


async def test_the_global_shortcut(tmp_path: Path) -> None:
    """It has no channel: the card comes by direct message."""
    async with staged(tmp_path) as stage:
        await stage.slack.shortcut(SARA, SHORTCUT)
        await stage.slack.submit(SARA, await form(stage), {"numbers": NUMBER, "text": "hi"})
        await stage.slack.submit(SARA, await form(stage, title="right"))

        assert "ccepted by kwtSMS" in await direct(stage, SARA, "ccepted by kwtSMS")


async def test_the_message_shortcut(tmp_path: Path) -> None:
    """The message's text is where the form begins; the card is in its channel."""
    async with staged(tmp_path) as stage:
        said = stage.slack.say(SARA, OPS, "Disk 5 > 4 & hot")
        await stage.slack.shortcut(SARA, MESSAGE_SHORTCUT, said)
        first = await form(stage)
        await stage.slack.submit(SARA, first, {"numbers": NUMBER})
        await stage.slack.submit(SARA, await form(stage, title="right"))
        await shown(stage, "accepted by kwtSMS")

        assert [sms.text for sms in stage.gateway.inbox(NUMBER)] == ["Disk 5 > 4 & hot"]


async def test_a_reader_gets_no_form(tmp_path: Path) -> None:
    """Instead of the fields the window says what is missing."""
    async with staged(tmp_path) as stage:
        await stage.slack.shortcut(NOURA, SHORTCUT)
        view = await form(stage, NOURA)

        assert view.callback_id == ""
        assert stage.gateway.ledger == []


async def test_a_role_withdrawn_between_preview_and_press(tmp_path: Path) -> None:
    """What was allowed when it was written is asked again when it is confirmed."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", "send")
        await stage.slack.submit(SARA, await form(stage), {"numbers": NUMBER, "text": "hi"})
        preview = await form(stage, title="right")
        await stage.stop_bot()
        await stage.start_bot(access={"reader": {"users": [SARA.id]}})
        await stage.slack.submit(SARA, preview)
        refused = await form(stage)

        assert "You may not" in stage.slack.plain(refused)
        assert stage.gateway.ledger == []


async def test_home_shows_the_balance_and_opens_the_form(tmp_path: Path) -> None:
    """Balance, one's last messages, and a button to send."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await shown(stage, "accepted by kwtSMS")
        await stage.slack.open_home(SARA)
        home = await stage.slack.until(lambda: stage.slack.home(SARA))
        await stage.slack.press(SARA, home, "home_send")
        await form(stage)

        assert "999 credits left" in stage.slack.plain(home)
        assert "Accepted by kwtSMS" in stage.slack.plain(home)


async def test_home_shows_an_administrator_what_to_mend(tmp_path: Path) -> None:
    """A sender ID in the wrong case, with the remedy; others see their messages only."""
    async with staged(tmp_path) as stage:
        sections = stage.sections["kwtsms"] | {"sender_id": "my-app"}
        await stage.stop_bot()
        await stage.start_bot(kwtsms=sections)
        await stage.slack.open_home(YOUSEF)
        told = await stage.slack.until(
            lambda: (
                stage.slack.plain(home)
                if (home := stage.slack.home(YOUSEF))
                and "Write it as it was registered: MY-APP" in stage.slack.plain(home)
                else None
            )
        )
        await stage.slack.open_home(SARA)
        others = await stage.slack.until(lambda: stage.slack.home(SARA))

        assert "my-app is not a sender ID of this account" in told
        assert "registered" not in stage.slack.plain(others)


async def test_home_tells_nothing_to_those_who_may_not_read(tmp_path: Path) -> None:
    """No balance and no messages, but what is missing."""
    async with staged(tmp_path, access={"admin": {"users": [YOUSEF.id]}}) as stage:
        await stage.slack.open_home(SARA)
        home = await stage.slack.until(lambda: stage.slack.home(SARA))

        assert SARA.id in stage.slack.plain(home)
        assert "credits" not in stage.slack.plain(home)
        assert "Send SMS" not in stage.slack.plain(home)


INPUTS = {"numbers": "98765432", "text": "From a workflow", "user": SARA.id}


async def test_a_workflow_sends(tmp_path: Path) -> None:
    """Where it is switched on: once, though Slack asks twice; the step tells the message's id."""
    access = {"sender": {"users": [SARA.id]}, "workflows": True}
    async with staged(tmp_path, access=access) as stage:
        step, told = await stage.slack.run_step("send_sms", INPUTS)
        ended = await stage.slack.ended(step)
        await stage.slack.redeliver(told)
        await direct(stage, SARA, "ccepted by kwtSMS")

        assert ended.state is StepState.COMPLETED
        assert ended.outputs
        assert str(ended.outputs["message"]).startswith("M")
        assert len(stage.gateway.ledger) == 1


async def test_a_step_that_could_not_be_ended_is_told_of_again(tmp_path: Path) -> None:
    """Slack is down for a moment: unacknowledged, it brings the step once more."""
    access = {"sender": {"users": [SARA.id]}, "workflows": True}
    async with staged(tmp_path, access=access) as stage:
        stage.slack.fault("functions.completeSuccess", Fault(status=503))
        step, _ = await stage.slack.run_step("send_sms", INPUTS)
        ended = await stage.slack.ended(step)
        await direct(stage, SARA, "ccepted by kwtSMS")

        assert ended.state is StepState.COMPLETED
        assert len(stage.gateway.ledger) == 1


async def test_what_a_workflow_sends_overtakes_what_waits(tmp_path: Path) -> None:
    """It is an alert, mostly: it is ahead of what people have typed before."""
    access = {"sender": {"users": [SARA.id]}, "workflows": True}
    async with staged(tmp_path, access=access) as stage:
        stage.gateway.hold()
        for number in range(11):
            await stage.slack.command(SARA, OPS, "/sms", f"send {96551110000 + number} typed")
        await stage.slack.run_step("send_sms", INPUTS)
        stage.gateway.release()
        await stage.slack.until(lambda: len(stage.gateway.ledger) == 12, timeout=20)

        texts = [entry.text for entry in stage.gateway.ledger]
        assert texts.index("From a workflow") <= MAX_IN_FLIGHT + 1


async def test_a_step_that_was_accepted_ends_well_whatever_is_forbidden_since(
    tmp_path: Path,
) -> None:
    """The bot could not end it and started anew; Slack tells of it again, minutes later."""
    access = {"sender": {"users": [SARA.id]}}
    async with staged(tmp_path, access=access | {"workflows": True}) as stage:
        down = Fault(error="fatal_error")
        stage.slack.fault("functions.completeSuccess", down, times=float("inf"))
        step, told = await stage.slack.run_step("send_sms", INPUTS)
        await direct(stage, SARA, "ccepted by kwtSMS")
        stage.slack.mend()
        await stage.stop_bot()
        await stage.start_bot(access=access)
        await stage.slack.redeliver(told)
        ended = await stage.slack.ended(step)

        assert ended.state is StepState.COMPLETED
        assert len(stage.gateway.ledger) == 1


@pytest.mark.parametrize(
    ("access", "changes", "said"),
    [
        ({"sender": {"users": [SARA.id]}}, {}, "Workflows may not send"),
        ({"reader": {"users": [SARA.id]}, "workflows": True}, {}, "You may not"),
        ({"sender": {"users": [SARA.id]}, "workflows": True}, {"numbers": "1"}, "not a phone"),
        ({"sender": {"users": [SARA.id]}, "workflows": True}, {"text": " "}, "There is no text"),
        ({"sender": {"channels": [OPS.id]}, "workflows": True}, {}, "You may not"),
    ],
)
async def test_a_workflow_that_may_not(
    tmp_path: Path, access: dict[str, Any], changes: dict[str, str], said: str
) -> None:
    """The step fails with the reason, and nothing is sent."""
    async with staged(tmp_path, access=access) as stage:
        step, _ = await stage.slack.run_step("send_sms", INPUTS | changes)
        ended = await stage.slack.ended(step)

        assert ended.state is StepState.FAILED
        assert said in str(ended.error)
        assert stage.gateway.ledger == []
