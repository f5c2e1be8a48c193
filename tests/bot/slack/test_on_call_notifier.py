"""Handovers, gaps and unreadable calendars are announced once, and ahead where there is time."""

from datetime import timedelta
from pathlib import Path

import pytest
from slack_sdk.errors import SlackApiError

from kwtsms_bot.bridge.on_call.duty_roster import DutyRoster
from kwtsms_bot.config.phonebook import Phonebook
from kwtsms_bot.slack.cards.on_call_user_groups import OnCallUserGroups
from kwtsms_bot.slack.manifest import OPTIONAL_SCOPES, SCOPES
from kwtsms_sandbox.slack import SARA, Fault, Manifest
from kwtsms_sandbox.slack.demo_workspace import ON_CALL
from support.on_call import DAY, HOUR, PHONEBOOK, event, local, schedule, write_calendar
from support.on_call_bench import on_call_bench
from support.slack import running_slack, web_client

BEFORE = local("2026-11-29 07:59")  # Fahad is on call, and Sara is next.
MINUTE = timedelta(minutes=1)
POST = "chat.postMessage"


def remove(file: str) -> None:
    """Deletes a calendar."""
    Path(file).unlink()


async def test_a_handover_is_announced_at_the_change(tmp_path: Path) -> None:
    """To the channel, and to the person, once; replicas do not repeat it."""
    async with on_call_bench(tmp_path, BEFORE) as bed:
        await bed.pass_time(2 * MINUTE)
        await bed.pass_time(MINUTE)
        posts, direct = bed.posts(), bed.direct_messages()

    assert len(posts) == len(direct) == 1
    assert "On call for ops: sara" in posts[0]
    assert "fahad" in posts[0]
    assert "6 Dec 2026, 08:00 (Kuwait)" in direct[0]


async def test_a_handover_is_announced_a_day_ahead(tmp_path: Path) -> None:
    """With the time at which it will be."""
    async with on_call_bench(tmp_path, BEFORE - DAY) as bed:
        await bed.pass_time(timedelta(0))
        early = bed.posts()
        await bed.pass_time(2 * MINUTE)
        posts, direct = bed.posts(), bed.direct_messages()

    assert early == []
    assert len(posts) == len(direct) == 1
    assert "On call for ops from 29 Nov 2026, 08:00 (Kuwait): sara" in posts[0]


async def test_daily_handovers_are_not_announced_twice(tmp_path: Path) -> None:
    """The handover names who is next already."""
    async with on_call_bench(tmp_path, BEFORE, ops={"every": "1d"}) as bed:
        await bed.pass_time(HOUR)
        await bed.pass_time(HOUR)

        assert len(bed.posts()) == 1


async def test_an_old_handover_is_no_news(tmp_path: Path) -> None:
    """A bot that was down over it does not announce it."""
    async with on_call_bench(tmp_path, BEFORE + 3 * HOUR) as bed:
        await bed.pass_time(timedelta(0))

        assert bed.posts() == []


async def test_slack_that_is_down_gets_the_notice_later(tmp_path: Path) -> None:
    """The notice is released, and announced by the next pass."""
    async with on_call_bench(tmp_path, BEFORE) as bed:
        bed.slack.fault(POST, Fault(error="internal_error"), times=1)
        with pytest.raises(SlackApiError):
            await bed.pass_time(2 * MINUTE)
        await bed.pass_time(MINUTE)

        assert len(bed.posts()) == 1


async def test_gaps_and_unknown_names_are_announced_once_a_day(tmp_path: Path) -> None:
    """Scenario 36: before they matter, and with their real end."""
    file = write_calendar(
        tmp_path,
        event("sara", ":20261101T080000", "DTEND:20261130T080000"),
        event("bob", ":20261130T080000", "DTEND:20261208T080000"),
        event("noura", ":20261208T080000", "DTEND:20270201T080000"),
    )
    async with on_call_bench(tmp_path, BEFORE + 3 * HOUR, net={"calendar": file}) as bed:
        await bed.pass_time(timedelta(0))
        await bed.pass_time(MINUTE)
        today = bed.posts()
        await bed.pass_time(DAY)

        assert len(today) == 1
        assert "The schedule net has gaps or unknown names." in today[0]
        assert "30 Nov 2026, 08:00 (Kuwait) to 8 Dec 2026, 08:00 (Kuwait)" in today[0]
        assert "bob" in today[0]
        assert len([one for one in bed.posts() if "gaps" in one]) == 2


async def test_a_calendar_that_was_never_read_is_no_gap(tmp_path: Path) -> None:
    """Gaps are not known then; after an hour, the channel gets the failure."""
    async with on_call_bench(tmp_path, BEFORE, net={"calendar": str(tmp_path / "no.ics")}) as bed:
        await bed.pass_time(timedelta(0))
        early = bed.posts()
        await bed.pass_time(61 * MINUTE)

        assert early == []
        assert len(bed.posts()) == 1
        assert (
            "There is no copy of it, so only the fallback is texted, if there is one."
            in bed.posts()[0]
        )


async def test_a_calendar_is_reported_after_an_hour_and_when_it_is_back(tmp_path: Path) -> None:
    """Scenario 35; once each."""
    good = event("noura", ":20261101T080000", "DTEND:20270201T080000")
    file = write_calendar(tmp_path, good)
    async with on_call_bench(tmp_path, BEFORE, net={"calendar": file}) as bed:
        await bed.pass_time(timedelta(0))
        remove(file)
        await bed.pass_time(11 * MINUTE)
        await bed.pass_time(59 * MINUTE)
        early = bed.posts()
        for _ in range(3):
            await bed.pass_time(MINUTE)
        reported = bed.posts()
        write_calendar(tmp_path, good)
        for _ in range(3):
            await bed.pass_time(MINUTE)

        assert early == []
        assert len(reported) == 1
        assert "The calendar of net can't be read." in reported[0]
        assert "Its last copy is used until 6 Dec 2026, 07:59 (Kuwait)." in reported[0]
        assert len(bed.posts()) == 2
        assert "The calendar of net can be read again." in bed.posts()[1]


async def test_a_user_group_has_the_people_on_call() -> None:
    """Also if a colleague changed it; people without a Slack user leave it as it is."""
    contacts = {name: {"number": one.number} for name, one in PHONEBOOK.contacts.items()}
    contacts["sara"]["slack"] = SARA.id
    phonebook = Phonebook(contacts=contacts)
    rota = DutyRoster({"ops": schedule(user_group=ON_CALL.id)}, phonebook)
    granted = Manifest(scopes=frozenset((*SCOPES, *OPTIONAL_SCOPES)))
    async with running_slack(manifest=granted) as slack:
        groups = OnCallUserGroups(rota, web_client(slack), phonebook)
        found = []
        for minutes in (0, 2, 3, 12):
            await groups.update(BEFORE + minutes * MINUTE)
            found.append(slack.directory.groups[ON_CALL.id].users)
            if minutes == 2:
                slack.directory.put_group(ON_CALL)

    assert found == [ON_CALL.users, (SARA.id,), ON_CALL.users, (SARA.id,)]


async def test_a_user_group_without_the_scope_is_left_alone(tmp_path: Path) -> None:
    """The error is logged, and notices are announced all the same."""
    async with on_call_bench(tmp_path, BEFORE + 2 * MINUTE, ops={"user_group": ON_CALL.id}) as bed:
        groups_of = OnCallUserGroups(
            bed.roster, web_client(bed.slack), bed.context.config.phonebook
        )
        await groups_of.update(bed.now)
        await groups_of.update(bed.now + MINUTE)

        assert bed.slack.directory.groups[ON_CALL.id].users == ON_CALL.users
        assert len(bed.slack.calls("usergroups.users.update")) == 1
