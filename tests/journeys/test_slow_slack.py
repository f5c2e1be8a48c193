"""Slack is slow, or does not say who somebody is: everybody hears in time, nothing goes twice."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from kwtsms_bot.cli.stage import Stage
from kwtsms_bot.service import running
from kwtsms_bot.slack import directory
from kwtsms_bot.slack.dialogs import SHORTCUT
from kwtsms_sandbox.slack import OPS, SARA, Fault, Message, User, UserGroup, View
from support.bot import NUMBER, cards, sends, shown, staged

CROWD = 300


async def form(stage: Stage, title: str = "") -> View:
    """The form before Sara, as soon as there is one (of this title)."""
    view = await stage.slack.until(
        lambda: v if (v := stage.slack.modal(SARA)) and title in v.title else None
    )
    assert view
    return view


async def direct(stage: Stage, phrase: str) -> Message:
    """The direct message to Sara that says `phrase`."""
    return await shown(stage, phrase, where=stage.slack.dm(SARA))


@pytest.mark.parametrize("slow", ["users.info", "usergroups.users.list"])
async def test_a_slow_lookup_delays_the_answer_and_not_the_acknowledgement(
    tmp_path: Path, slow: str
) -> None:
    """Else Slack says that the command failed, the person types it again, and it goes twice."""
    access = {"sender": {"users": [SARA.id], "groups": ["S0000GROUP"]}}
    async with staged(tmp_path, access=access) as stage:
        hold = asyncio.Event()
        stage.slack.fault(slow, Fault(hold=hold))
        done = await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        before = list(stage.gateway.ledger)
        hold.set()
        await shown(stage, "accepted by kwtSMS")

        assert done.error is None
        assert before == []
        assert len(sends(stage)) == 1


async def test_a_rate_limit_on_lookups_delays_the_answer_only(tmp_path: Path) -> None:
    """429: the question is acknowledged, and answered when Slack has said who asks."""
    async with staged(tmp_path) as stage:
        stage.slack.fault("users.info", Fault(retry_after=3))
        done = await stage.slack.command(SARA, OPS, "/sms", "balance")
        await shown(stage, "credits left")

        assert done.error is None


async def test_a_stop_leaves_no_lookup_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that Slack lets wait is given up: else the bot asks on after it has stopped."""
    monkeypatch.setattr(running, "FINISH_SECONDS", 1.0)
    before = asyncio.all_tasks()
    async with staged(tmp_path) as stage:
        stage.slack.fault("users.info", Fault(retry_after=30))
        await stage.slack.command(SARA, OPS, "/sms", "balance")
        await stage.stop_bot()
        ours = {one for one in asyncio.all_tasks() - before if "kwtsms_bot" in repr(one)}

        assert ours == set()


async def test_of_whom_slack_says_nothing_nothing_is_done(tmp_path: Path) -> None:
    """A role of the channel is not given to somebody who may be a guest; they are told why."""
    access = {"sender": {"channels": [OPS.id]}}
    async with staged(tmp_path, access=access) as stage:
        stage.slack.fault("users.info", Fault(error="fatal_error"), times=5)
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await shown(stage, "Slack does not say who you are")

        assert stage.gateway.ledger == []


async def test_a_crowd_of_different_people_is_acknowledged(tmp_path: Path) -> None:
    """More than Slack answers for in a minute: each hears at once, none is told of a failure."""
    people = [User(f"U000C{number:04}", f"c{number}", f"C {number}") for number in range(CROWD)]
    access = {"reader": {"users": [one.id for one in people]}}
    async with staged(tmp_path, access=access) as stage:
        for one in people:
            stage.slack.directory.put_user(one)
            stage.slack.directory.invite(one, OPS)
        typed = (stage.slack.command(one, OPS, "/sms", "whoami") for one in people)
        done = await asyncio.gather(*typed)

    assert {one.error for one in done} == {None}


async def test_a_slow_window_is_waited_for_after_the_acknowledgement(tmp_path: Path) -> None:
    """`/sms send` alone: Slack takes its time with the form."""
    async with staged(tmp_path) as stage:
        hold = asyncio.Event()
        stage.slack.fault("views.open", Fault(hold=hold))
        done = await stage.slack.command(SARA, OPS, "/sms", "send")
        hold.set()
        await form(stage)

        assert done.error is None
        assert cards(stage) == []


@pytest.mark.parametrize("way", ["command", "shortcut", "home"])
async def test_a_window_that_does_not_open(tmp_path: Path, way: str) -> None:
    """The person is told, with a button that opens it."""
    async with staged(tmp_path) as stage:
        await stage.slack.open_home(SARA)
        home = await stage.slack.until(lambda: stage.slack.home(SARA))
        stage.slack.fault("views.open", Fault(error="expired_trigger_id"))
        if way == "command":
            await stage.slack.command(SARA, OPS, "/sms", "send")
            told = await shown(stage, "Open the form")
        elif way == "shortcut":
            await stage.slack.shortcut(SARA, SHORTCUT)
            told = await direct(stage, "Slack did not open the form")
        else:
            await stage.slack.press(SARA, home, "home_send")
            told = await direct(stage, "Slack did not open the form")
        await stage.slack.press(SARA, told, "open_form")

        assert (await form(stage)).callback_id == "send_form"


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_form_that_was_closed_before_its_answer(tmp_path: Path, *, allowed: bool) -> None:
    """No false alarm: the card tells of what was accepted, and a refusal comes directly."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", "send")
        await stage.slack.submit(SARA, await form(stage), {"numbers": NUMBER, "text": "hi"})
        preview = await form(stage, "right")
        if not allowed:
            await stage.stop_bot()
            await stage.start_bot(access={"reader": {"users": [SARA.id]}})
        hold = asyncio.Event()
        stage.slack.fault("users.info", Fault(hold=hold), times=2)
        stage.slack.fault("views.update", Fault(error="not_found"))
        await stage.stop_bot()
        await stage.start_bot()  # Knows nobody: it has to ask who this is.
        await stage.slack.submit(SARA, preview)
        hold.set()
        if allowed:
            await shown(stage, "accepted by kwtSMS")
        else:
            await direct(stage, "You may not do that here")

        told = [stage.slack.plain(one) for one in stage.slack.visible(SARA, stage.slack.dm(SARA))]
        assert not any("went wrong" in one for one in told)


@pytest.mark.parametrize("error", ["restricted_action_read_only_channel", "channel_type_x"])
async def test_a_place_where_nothing_can_be_posted(tmp_path: Path, error: str) -> None:
    """Whatever word Slack has for it, the card comes by direct message."""
    async with staged(tmp_path) as stage:
        stage.slack.fault("chat.postMessage", Fault(error=error))
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")

        assert await direct(stage, "accepted by kwtSMS")


async def test_blocks_that_slack_does_not_take(tmp_path: Path) -> None:
    """The words alone are shown, in the same place."""
    async with staged(tmp_path) as stage:
        stage.slack.fault("chat.postMessage", Fault(error="invalid_blocks"))
        stage.slack.fault("chat.update", Fault(error="invalid_blocks"))
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")

        assert await shown(stage, "accepted by kwtSMS")


@pytest.mark.parametrize("change", ["out of the group", "a guest"])
async def test_a_role_that_is_withdrawn_in_slack_presses_no_button(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Between the preview and the press: nothing is sent, though a command may count for longer."""
    monkeypatch.setattr(directory, "FRESH_SECONDS", 0.0)
    group = UserGroup("S0000GROUP", "group", "Group", (SARA.id,))
    async with staged(tmp_path, access={"sender": {"groups": [group.id]}}) as stage:
        stage.slack.directory.put_group(group)
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} down 🔴")
        preview = await shown(stage, "Nothing is sent yet")
        if change == "a guest":
            stage.slack.directory.put_user(replace(SARA, is_restricted=True))
        else:
            stage.slack.directory.put_group(replace(group, users=()))
        await stage.slack.press(SARA, preview, "send_confirm")
        await shown(stage, "You may not do that here")

        assert stage.gateway.ledger == []
