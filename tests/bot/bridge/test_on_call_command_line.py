"""`kwtsms-bridge bridge oncall`: who is on call at any time, for people and for programs."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kwtsms_bot.cli.bridge.on_call import parse_moment
from kwtsms_bot.config import ConfigurationProblems, parse
from support.database import prepare_database
from support.on_call import KUWAIT, event, local, schedule, write_calendar
from support.shell import CommandResult, run_in_process

BASE = """\
slack: {bot_token: xoxb-1, app_token: xapp-1}
kwtsms: {username: user, password: p, sender_id: SHOP}
phonebook:
  contacts: {noura: +965 9876 5432, fahad: +965 5550 1001, sara: +965 6612 3456}
  groups: {lead: [sara]}
"""
CONFIG = """\
bridge:
  channel: C0123ALERT
  oncall:
    ops: {people: [noura, fahad], from: 2026-01-04 08:00, every: 7d, fallback: lead}
    net: {calendar: "CALENDAR", handover: "08:00", fallback: lead}
  receivers:
    ops: {to: [oncall.ops], escalate: [{after: 5m, to: [oncall.net]}]}
"""


def oncall(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str, calendar: str = ""
) -> CommandResult:
    """Runs the command with this calendar."""
    monkeypatch.chdir(folder)
    (folder / "config.yaml").write_text(BASE + CONFIG.replace("CALENDAR", calendar or "none.ics"))
    return run_in_process("bridge", "oncall", *words)


def test_json_is_what_programs_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of the phone book, and times with their offset; `--at` is in the schedule's zone."""
    result = oncall(tmp_path, monkeypatch, "ops", "--at", "2026-01-11 07:59:59", "--json")

    assert result.code == 0
    assert json.loads(result.out) == {
        "oncall": "ops",
        "at": "2026-01-11T07:59:59+03:00",
        "people": ["noura"],
        "until": "2026-01-11T08:00:00+03:00",
        "next": ["fahad"],
        "fallback": False,
    }


def test_a_calendar_is_read_there_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change a year away is found; unknown names are warned of."""
    file = write_calendar(
        tmp_path,
        event("noura", ":20260101T080000", "DTEND:20261201T080000"),
        event("bob", ":20261201T080000", "DTEND:20261202T080000"),
    )
    near = oncall(tmp_path, monkeypatch, "net", "--at", "2026-12-01", "--json", calendar=file)
    far = oncall(tmp_path, monkeypatch, "net", "--at", "2026-01-02", "--json", calendar=file)
    after = oncall(tmp_path, monkeypatch, "net", "--at", "2027-01-01", "--json", calendar=file)

    assert near.err == "Warning: not in the phone book: bob.\n"
    assert json.loads(far.out)["until"] == "2026-12-01T08:00:00+03:00"
    assert json.loads(far.out)["next"] == ["sara"]
    assert json.loads(after.out) | {"oncall": "net"} == {
        "oncall": "net",
        "at": "2027-01-01T00:00:00+03:00",
        "people": ["sara"],
        "until": None,
        "next": [],
        "fallback": True,
    }


def test_people_read_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The people, the time and its zone, until when, and who is next."""
    result = oncall(tmp_path, monkeypatch, "oncall.ops", "--at", "2026-01-05 12:00")

    assert result.out == (
        "On call for ops: noura\n"
        "At:    Mon 05 Jan 2026, 12:00 (Asia/Kuwait)\n"
        "Until: Sun 11 Jan 2026, 08:00\n"
        "Next:  fahad\n"
    )


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("nope",), 2, "There is no schedule nope below bridge.oncall. Known: ops, net."),
        (("ops", "--at", "tomorrow"), 2, "--at: expected a time in Asia/Kuwait such as"),
        (("ops", "--at", "9999-12-31"), 2, "--at: expected a time"),
        (
            ("net",),
            4,
            "The calendar can't be read: its file can't be read (no such file or directory). "
            "Check the path: a relative path starts in your current folder.",
        ),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int, text: str
) -> None:
    """With an exit code for scripts."""
    result = oncall(tmp_path, monkeypatch, *words)

    assert result.code == code
    assert text in result.err


def test_a_database_that_cannot_be_read_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The schedule itself is known all the same."""
    (tmp_path / "kwtsms-bridge.sqlite3").write_text("no database")
    result = oncall(tmp_path, monkeypatch, "ops", "--at", "2026-01-05")

    assert "Warning: overrides aren't known" in result.err
    assert "noura" in result.out


def test_the_bots_database_is_used_if_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a warning."""
    prepare_database(tmp_path / "kwtsms-bridge.sqlite3")
    result = oncall(tmp_path, monkeypatch, "ops", "--at", "2026-01-05")

    assert (result.code, result.err) == (0, "")


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-04 08:00",
        "2026-01-04 8:00",
        " 2026-01-04T08:00:00 ",
        "2026-01-04T05:00:00Z",
        "2026-01-04 08:00+03:00",
        "2026-01-04 00:00 -05:00",
    ],
)
def test_a_time_may_have_a_zone(text: str) -> None:
    """Else it is in the zone of the schedule."""
    assert parse_moment(text, KUWAIT) == local("2026-01-04 08:00")


def test_a_time_that_clocks_skip_is_the_first_after_it() -> None:
    """A handover at that time is at the same instant."""
    london = ZoneInfo("Europe/London")

    assert parse_moment("2026-03-29 01:30", london) == local("2026-03-29 02:00", london)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("{people: [noura]}", "bridge.oncall.ops: expected from, when the first turn begins"),
        ("{people: [noura], from: 2026-02-30 08:00}", "ops.from: expected a date and a time"),
        ("{people: [noura], from: 08:00}", "ops.from: expected a date and a time"),
        ("{people: [noura], from: monday}", "For example, from: 2026-01-04 08:00"),
        ("{people: [noura], form: 2026-01-04}", "ops.form: unknown key. Did you mean from?"),
        ("{people: [nora], from: 2026-01-04}", "ops.people: there is no contact or group 'nora'"),
        ("{people: [noura], from: 2026-01-04, fallback: x}", "ops.fallback: there is no contact"),
        ("{people: [noura], from: 2026-01-04, every: 30m}", "ops.every: expected a time between"),
        ("{fallback: lead}", "bridge.oncall.ops: expected either people and from, or calendar"),
        ("{people: [noura], from: 2026-01-04, calendar: a.ics}", "expected either people"),
        ("{calendar: http://example.com/a.ics}", "ops.calendar: expected an https:// address"),
        ("{calendar: https://10.0.0.1/a.ics}", "ops.calendar: it is in your own network"),
        ("{calendar: http://localhost/a.ics}", "ops.calendar: it is in your own network"),
        (
            "{calendar: a.ics, from: 2026-01-04}",
            "ops: a calendar has its own times, so remove from",
        ),
        ("{calendar: a.ics, timezone: Kuwait/City}", "expected the name of a time zone"),
    ],
)
def test_a_wrong_schedule_is_refused_with_its_key(schedule: str, expected: str) -> None:
    """Scenario 36: also a member who is not in the phone book."""
    text = f"{BASE}bridge: {{oncall: {{ops: {schedule}}}, receivers: {{r: {{to: [oncall.ops]}}}}}}"
    with pytest.raises(ConfigurationProblems) as caught:
        parse(text.replace("receivers: {r", "channel: C0123ALERT, receivers: {r"), "c.yaml", {})

    assert expected in str(caught.value)


def test_from_accepts_an_hour_of_one_digit() -> None:
    """People write 8:00, with or without quotes."""
    assert schedule(**{"from": "2026-01-04 8:00"}) == schedule(**{"from": "2026-01-04 08:00"})


def test_a_receiver_names_a_schedule_that_exists() -> None:
    """A mistyped schedule would text nobody."""
    with pytest.raises(ConfigurationProblems, match="there is no schedule 'net'"):
        parse(
            BASE + CONFIG.replace("    net:", "    other:").replace("CALENDAR", "a.ics"),
            "config.yaml",
            {},
        )


def test_a_calendars_address_is_a_secret() -> None:
    """Neither a problem nor the configuration's text shows it."""
    secret = "https://calendar.example/private-abc/basic.ics"
    config = parse(BASE + CONFIG.replace("CALENDAR", secret), "config.yaml", {})

    assert "private-abc" not in repr(config)
    with pytest.raises(ConfigurationProblems) as caught:
        parse(BASE + CONFIG.replace("CALENDAR", secret.replace("s:", ":")), "config.yaml", {})
    assert "private-abc" not in str(caught.value)


def test_an_alert_is_explained_with_the_people_on_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A schedule's people now, and its fallback's where a calendar would be read."""
    config = CONFIG.replace("CALENDAR", "none.ics").replace("[noura, fahad]", "[fahad]")
    integration = "  integrations: {scripts: {kind: native, token: token-of-scripts}}\n"
    (tmp_path / "config.yaml").write_text(BASE + config + integration)
    (tmp_path / "alert.json").write_text('{"title": "Disk full"}')
    monkeypatch.chdir(tmp_path)
    words = ("explain", "alert.json", "-k", "native", "-c", "config.yaml", "--json")
    result = run_in_process("bridge", *words)
    (incident,) = json.loads(result.out)["incidents"]

    assert [one["names"] for one in incident["people"]] == [["fahad"]]
    assert [one["names"] for one in incident["escalation"][0]["people"]] == [["sara"]]


def test_config_check_names_what_keeps_alerts_from_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names without a number, and people who were never texted; no address is fetched."""
    file = write_calendar(tmp_path, event("bob", ":20200101T080000", "DTEND:20500101T080000"))
    away = "    away: {calendar: https://calendar.invalid/a.ics}\n"
    config = CONFIG.replace("CALENDAR", file).replace("  receivers:", f"{away}  receivers:")
    (tmp_path / "config.yaml").write_text(BASE + config.replace("[noura, fahad]", "[noura]"))
    prepare_database(tmp_path / "kwtsms-bridge.sqlite3")
    monkeypatch.chdir(tmp_path)
    result = run_in_process("config", "check")

    assert result.code == 0
    assert "Warning: On call for ops, but never texted so far: noura." in result.out
    assert "Warning: The calendar of net has names without a number: bob." in result.out
    assert "away" not in result.out
