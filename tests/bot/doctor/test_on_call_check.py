"""The doctor names schedules by which nobody is on call, and people who were never texted."""

from datetime import datetime
from pathlib import Path

import pytest

from kwtsms_bot.config import parse
from kwtsms_bot.doctor import Finding, FindingLevel
from kwtsms_bot.doctor.on_call import check
from support.database import AT, outbox_in, prepare_database
from support.message_states import Secret, sent
from support.on_call import event, local, write_calendar

CONFIG = """\
slack: {{bot_token: xoxb-1, app_token: xapp-1}}
kwtsms: {{username: user, password: p, sender_id: SHOP}}
outbox: {{database: "sqlite:///{database}"}}
phonebook: {{contacts: {{noura: +965 9876 5432}}}}
bridge:
  channel: C0123ALERT
  oncall: {{ops: {schedule}}}
  receivers: {{ops: {{to: [oncall.ops]}}}}
"""
NOURA = "{people: [noura], from: 2026-01-04}"


async def findings(folder: Path, schedule: str, at: datetime = AT) -> tuple[Finding, ...]:
    """The findings about one schedule."""
    text = CONFIG.format(database=folder / "outbox.sqlite3", schedule=schedule)
    return await check(parse(text, "config.yaml", {}), at)


async def test_a_schedule_in_order_is_one_line(tmp_path: Path) -> None:
    """Without a database, nobody is accused of never having been texted."""
    (found,) = await findings(tmp_path, NOURA)

    assert (found.level, found.what) == (FindingLevel.OK, "On call for ops: noura.")


async def test_nobody_has_to_be_on_call_outside_the_hours(tmp_path: Path) -> None:
    """The schedule of a day team is in order at night."""
    day_team = "{people: [noura], from: 2026-01-04, hours: 07:00-19:00}"
    (night,) = await findings(tmp_path, day_team, local("2026-02-03 20:00"))
    (day,) = await findings(tmp_path, day_team, local("2026-02-03 12:00"))

    assert (night.level, night.what) == (FindingLevel.OK, "Outside the hours of ops.")
    assert day.what == "On call for ops: noura."


async def test_people_who_were_never_texted_are_named(tmp_path: Path) -> None:
    """Until a message to their number was sent."""
    prepare_database(tmp_path / "outbox.sqlite3")
    (before,) = await findings(tmp_path, NOURA)
    async with outbox_in(tmp_path) as outbox:
        await sent(outbox, Secret("96598765432", "hi"))
    (after,) = await findings(tmp_path, NOURA)

    assert before.what == "On call for ops, but never texted so far: noura."
    assert after.level is FindingLevel.OK


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("bob", ["The calendar of ops has names without a number: bob.", "Nobody is on call"]),
        ("noura", ["On call for ops: noura."]),
    ],
)
async def test_a_calendar_is_read(tmp_path: Path, title: str, expected: list[str]) -> None:
    """Names that the phone book doesn't have are a warning."""
    file = write_calendar(tmp_path, event(title, ":20261101T080000", "DTEND:20270201T080000"))
    found = await findings(tmp_path, f"{{calendar: {file}}}", local("2026-11-29 10:00"))

    assert [one.what.startswith(text) for one, text in zip(found, expected, strict=True)] == [
        True for _ in expected
    ]


async def test_a_calendar_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    """With the reason."""
    (found,) = await findings(tmp_path, "{calendar: /nowhere.ics}")

    assert found.level is FindingLevel.PROBLEM
    assert "no such file" in found.what
