"""A slow Slack, or one that fails to identify a user: acknowledgements are in time."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_bot.slack import users
from kwtsms_bot.slack.ids import FORM_SHORTCUT
from kwtsms_sandbox.slack import OPS, SARA, Fault, Message, User, UserGroup, View
from support.bot import NUMBER, TEST_WAITS, cards, local_env, send_requests, wait_for_text

PEOPLE_COUNT = 300
SHORT_STOP = replace(TEST_WAITS, finish=1.0)


async def wait_for_form(env: LocalEnvironment, title: str = "") -> View:
    """Waits for Sara's form, with this title if given."""
    view = await env.slack.until(
        lambda: v if (v := env.slack.modal(SARA)) and title in v.title else None
    )
    assert view
    return view


async def wait_for_direct_message(env: LocalEnvironment, phrase: str) -> Message:
    """Waits for the direct message to Sara that contains `phrase`."""
    return await wait_for_text(env, phrase, where=env.slack.dm(SARA))


@pytest.mark.parametrize("slow", ["users.info", "usergroups.users.list"])
async def test_a_slow_lookup_delays_the_answer_and_not_the_acknowledgement(
    tmp_path: Path, slow: str
) -> None:
    """A late acknowledgement would look like a failure, so the user would send it twice."""
    access = {"sender": {"users": [SARA.id], "groups": ["S0000GROUP"]}}
    async with local_env(tmp_path, access=access) as env:
        released = asyncio.Event()
        env.slack.fault(slow, Fault(wait_for=released))
        done = await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        before = list(env.gateway.ledger)
        released.set()
        await wait_for_text(env, "sent to 965")

        assert done.error is None
        assert before == []
        assert len(send_requests(env)) == 1


async def test_a_rate_limit_on_lookups_delays_the_answer_only(tmp_path: Path) -> None:
    """On a 429, the query is acknowledged and then answered once Slack identifies the user."""
    async with local_env(tmp_path) as env:
        env.slack.fault("users.info", Fault(retry_after=3))
        done = await env.slack.command(SARA, OPS, "/sms", "balance")
        await wait_for_text(env, "credits left")

        assert done.error is None


async def test_a_stop_leaves_no_lookup_behind(tmp_path: Path) -> None:
    """A rate-limited lookup is cancelled at the stop, so that none runs afterwards."""
    before = asyncio.all_tasks()
    async with local_env(tmp_path, waits=SHORT_STOP) as env:
        env.slack.fault("users.info", Fault(retry_after=30))
        await env.slack.command(SARA, OPS, "/sms", "balance")
        await env.stop_bot()
        ours = {one for one in asyncio.all_tasks() - before if "kwtsms_bot" in repr(one)}

        assert ours == set()


async def test_nothing_is_done_for_a_person_slack_does_not_identify(tmp_path: Path) -> None:
    """A user who may be a guest gets no role from a channel, and the reply says why."""
    access = {"sender": {"channels": [OPS.id]}}
    async with local_env(tmp_path, access=access) as env:
        env.slack.fault("users.info", Fault(error="fatal_error"), times=5)
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await wait_for_text(env, "Slack can't confirm who you are")

        assert env.gateway.ledger == []


async def test_many_different_people_are_acknowledged(tmp_path: Path) -> None:
    """With more users than Slack identifies in a minute, each command is acknowledged."""
    people = [
        User(f"U000C{number:04}", f"c{number}", f"C {number}") for number in range(PEOPLE_COUNT)
    ]
    access = {"reader": {"users": [one.id for one in people]}}
    async with local_env(tmp_path, access=access, waits=SHORT_STOP) as env:
        for one in people:
            env.slack.directory.put_user(one)
            env.slack.directory.invite(one, OPS)
        typed = (env.slack.command(one, OPS, "/sms", "whoami") for one in people)
        done = await asyncio.gather(*typed)

    assert {one.error for one in done} == {None}


async def test_a_slow_window_is_waited_for_after_the_acknowledgement(tmp_path: Path) -> None:
    """The form of `/sms send` may open late, after the acknowledgement."""
    async with local_env(tmp_path) as env:
        released = asyncio.Event()
        env.slack.fault("views.open", Fault(wait_for=released))
        done = await env.slack.command(SARA, OPS, "/sms", "send")
        released.set()
        await wait_for_form(env)

        assert done.error is None
        assert cards(env) == []


@pytest.mark.parametrize("entry_point", ["command", "shortcut", "home"])
async def test_a_window_that_does_not_open(tmp_path: Path, entry_point: str) -> None:
    """The user gets a message with a button that opens the form."""
    async with local_env(tmp_path) as env:
        await env.slack.open_home(SARA)
        home = await env.slack.until(lambda: env.slack.home(SARA))
        env.slack.fault("views.open", Fault(error="expired_trigger_id"))
        if entry_point == "command":
            await env.slack.command(SARA, OPS, "/sms", "send")
            message = await wait_for_text(env, "Open the form")
        elif entry_point == "shortcut":
            await env.slack.shortcut(SARA, FORM_SHORTCUT)
            message = await wait_for_direct_message(env, "Slack didn't open the form")
        else:
            await env.slack.press(SARA, home, "home_send")
            message = await wait_for_direct_message(env, "Slack didn't open the form")
        await env.slack.press(SARA, message, "open_form")

        assert (await wait_for_form(env)).callback_id == "send_form"


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_form_that_was_closed_before_its_answer(tmp_path: Path, *, allowed: bool) -> None:
    """An accepted message has its card and no error; a refusal is sent by direct message."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", "send")
        await env.slack.submit(SARA, await wait_for_form(env), {"numbers": NUMBER, "text": "hi"})
        preview = await wait_for_form(env, "Review")
        if not allowed:
            await env.stop_bot()
            await env.start_bot(access={"reader": {"users": [SARA.id]}})
        released = asyncio.Event()
        env.slack.fault("users.info", Fault(wait_for=released), times=2)
        env.slack.fault("views.update", Fault(error="not_found"))
        await env.stop_bot()
        await env.start_bot()  # Without a cache, so that the user must be looked up.
        await env.slack.submit(SARA, preview)
        released.set()
        if allowed:
            await wait_for_text(env, "sent to 965")
        else:
            await wait_for_direct_message(env, "You don't have permission")

        texts = [env.slack.plain(one) for one in env.slack.visible(SARA, env.slack.dm(SARA))]
        assert not any("went wrong" in one for one in texts)


@pytest.mark.parametrize("error", ["restricted_action_read_only_channel", "channel_type_x"])
async def test_a_place_where_nothing_can_be_posted(tmp_path: Path, error: str) -> None:
    """For any such error of Slack's, the card is sent by direct message."""
    async with local_env(tmp_path) as env:
        env.slack.fault("chat.postMessage", Fault(error=error))
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")

        assert await wait_for_direct_message(env, "sent to 965")


async def test_blocks_that_slack_rejects(tmp_path: Path) -> None:
    """The text alone is posted in the same channel."""
    async with local_env(tmp_path) as env:
        env.slack.fault("chat.postMessage", Fault(error="invalid_blocks"))
        env.slack.fault("chat.update", Fault(error="invalid_blocks"))
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")

        assert await wait_for_text(env, "sent to 965")


@pytest.mark.parametrize("change", ["out of the group", "a guest"])
async def test_a_role_that_is_withdrawn_in_slack_presses_no_button(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """A press uses a fresh lookup and is refused, although a command may still use the cache."""
    monkeypatch.setattr(users, "FRESH_SECONDS", 0.0)
    group = UserGroup("S0000GROUP", "group", "Group", (SARA.id,))
    async with local_env(tmp_path, access={"sender": {"groups": [group.id]}}) as env:
        env.slack.directory.put_group(group)
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} down 🔴")
        preview = await wait_for_text(env, "Review before sending")
        if change == "a guest":
            env.slack.directory.put_user(replace(SARA, is_restricted=True))
        else:
            env.slack.directory.put_group(replace(group, users=()))
        await env.slack.press(SARA, preview, "send_confirm")
        await wait_for_text(env, "You don't have permission")

        assert env.gateway.ledger == []
