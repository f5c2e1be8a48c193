"""A team's calendar says who is on call: each hour of 400 days against an expansion of its own."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from kwtsms_bot.bridge.on_call.calendar import CalendarTerms, read_events
from kwtsms_bot.bridge.on_call.calendar_text import (
    MAX_BYTES,
    UnreadableCalendar,
    decode,
    without_private_parts,
)
from kwtsms_bot.bridge.on_call.duty_roster import DutyRoster, LoadedCalendar, Override
from kwtsms_bot.bridge.on_call.event_title import parse_title
from kwtsms_bot.bridge.on_call.expansion import TOO_SLOW, expand
from support.on_call import (
    DAY,
    HOUR,
    KUWAIT,
    NAMES,
    calendar,
    event,
    hours_from,
    local,
    roster,
)

START = local("2026-01-10 00:00")
END = START + 400 * DAY
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
naive = datetime.fromisoformat  # Of a time without a zone.
Span = tuple[datetime, datetime, tuple[str, ...], int]


def loaded(body: bytes, zone: ZoneInfo = KUWAIT, **settings: object) -> DutyRoster:
    """A roster with this calendar, read for 400 days."""
    rota = roster(calendar="team.ics", timezone=str(zone), **settings)
    rota.set_calendar("ops", read(body, zone))
    return rota


def read(body: bytes, zone: ZoneInfo = KUWAIT) -> LoadedCalendar:
    """The events of a calendar."""
    return LoadedCalendar(read_events(body, CalendarTerms(zone, time(8), START, END)), END)


def weekly(
    first: str, hours: int, zone: ZoneInfo, *people: str, except_for: tuple[str, ...] = ()
) -> Iterator[Span]:
    """A weekly event by the clock on the wall of its zone."""
    begin = naive(first)
    for week in range(70):
        wall = begin + week * 7 * DAY
        if wall.isoformat(" ", "minutes") not in except_for:
            end = (wall + hours * HOUR).replace(tzinfo=zone)
            yield wall.replace(tzinfo=zone), end, people, 0


def expected(spans: list[Span]) -> list[set[str]]:
    """The people of each hour: all of the highest rank."""
    found = []
    for hour in hours_from(START):
        active = [one for one in spans if one[0] <= hour < one[1]]
        highest = max((one[3] for one in active), default=0)
        found.append({name for one in active if one[3] == highest for name in one[2]} or {"lead"})
    return found


def people_of(rota: DutyRoster) -> list[set[str]]:
    """The people of each hour by the roster."""
    return [set(rota.people("ops", hour)) for hour in hours_from(START)]


BY_THE_WEEK = calendar(
    event(
        "Noura",
        ";TZID=Europe/Berlin:20260105T220000",
        "DTEND;TZID=Europe/Berlin:20260106T080000",
        "RRULE:FREQ=WEEKLY",
        "EXDATE;TZID=Europe/Berlin:20260323T220000",
        uid="a",
    ),
    event(
        "sara; @Mona",
        ";TZID=Europe/Berlin:20260330T200000",
        "DTEND;TZID=Europe/Berlin:20260331T010000",
        "RECURRENCE-ID;TZID=Europe/Berlin:20260330T220000",
        uid="a",
    ),
    event(
        "Fahad",
        ";TZID=America/New_York:20260107T200000",
        "DURATION:PT12H",
        "RRULE:FREQ=WEEKLY;BYDAY=WE,FR",
        uid="b",
    ),
    event("Override: Mona", ";VALUE=DATE:20260330", "DTEND;VALUE=DATE:20260402", uid="c"),
    event("Sara", ":20260601T120000", "DTEND:20260603T120000", uid="d"),
    event("Fahad", ":20260602T120000", "DTEND:20260602T180000", "PRIORITY:1", uid="e"),
    event("Noura", ":20260701T120000Z", "DTEND:20260701T150000Z", "STATUS:CANCELLED", uid="f"),
)


def test_each_hour_of_400_days_has_the_expected_people() -> None:
    """Weekly rules with exceptions, all-day events, floating times, priorities, zones abroad."""
    rota = loaded(BY_THE_WEEK, fallback="lead")
    moved = ("2026-03-23 22:00", "2026-03-30 22:00")
    spans: list[Span] = [
        *weekly("2026-01-05 22:00", 10, BERLIN, "noura", except_for=moved),
        (local("2026-03-30 20:00", BERLIN), local("2026-03-31 01:00", BERLIN), ("sara", "mona"), 0),
        *weekly("2026-01-07 20:00", 12, NEW_YORK, "fahad"),
        *weekly("2026-01-09 20:00", 12, NEW_YORK, "fahad"),
        (local("2026-03-30 08:00"), local("2026-04-02 08:00"), ("mona",), 10),
        (local("2026-06-01 12:00"), local("2026-06-03 12:00"), ("sara",), 0),
        (local("2026-06-02 12:00"), local("2026-06-02 18:00"), ("fahad",), 9),
    ]

    assert people_of(rota) == expected(spans)


def test_an_override_by_hand_is_above_the_calendar() -> None:
    """A person who was put on call counts more than any event."""
    rota, start = loaded(BY_THE_WEEK), local("2026-03-30 12:00")
    rota.set_overrides([Override("ops", "lead", start, start + 2 * HOUR)])

    assert rota.people("ops", start + HOUR) == ("lead",)
    assert rota.people("ops", start + 2 * HOUR) == ("mona",)


def test_x_wr_timezone_is_the_zone_of_repeated_events() -> None:
    """Google writes UTC times and names the calendar's zone apart: summer time counts."""
    body = calendar(
        event("noura", ":20260105T210000Z", "DTEND:20260106T070000Z", "RRULE:FREQ=WEEKLY"),
        zone="Europe/Berlin",
    )
    spans = list(weekly("2026-01-05 22:00", 10, BERLIN, "noura"))

    assert people_of(loaded(body, fallback="lead")) == expected(spans)


def test_an_unknown_x_wr_timezone_is_ignored() -> None:
    """The times of the events still say when they are."""
    body = calendar(event("noura", ":20260202T080000Z", "DTEND:20260203T080000Z"), zone="Mars/One")

    assert loaded(body).people("ops", datetime(2026, 2, 2, 9, tzinfo=UTC)) == ("noura",)


def test_floating_times_and_handovers_are_in_the_schedules_zone() -> None:
    """A schedule in Berlin reads the same file otherwise than one in Kuwait."""
    body = calendar(
        event("noura", ":20260202T080000", "DTEND:20260203T080000"),
        event("sara", ";VALUE=DATE:20260203"),
    )
    rota = loaded(body, BERLIN)

    assert rota.people("ops", local("2026-02-03 07:59", BERLIN)) == ("noura",)
    assert rota.people("ops", local("2026-02-03 08:00", BERLIN)) == ("sara",)
    assert rota.people("ops", local("2026-02-04 07:59", BERLIN)) == ("sara",)
    assert rota.people("ops", local("2026-02-04 08:00", BERLIN)) == ()


def test_events_at_one_time_are_all_on_call() -> None:
    """In the order in which they began."""
    body = calendar(
        event("sara", ":20260202T100000", "DTEND:20260202T120000"),
        event("noura", ":20260202T080000", "DTEND:20260202T120000"),
    )

    assert loaded(body).people("ops", local("2026-02-02 11:00")) == ("noura", "sara")


@pytest.mark.parametrize(
    ("title", "names", "is_override"),
    [
        ("Noura", ("noura",), False),
        ("@noura, Fahad", ("noura", "fahad"), False),
        ("noura & fahad+sara;mona", ("noura", "fahad", "sara", "mona"), False),
        ("Override: @Sara", ("sara",), True),
        ("OVERRIDE :sara", ("sara",), True),
        ("نورة، فهد", ("نورة", "فهد"), False),
        ("noura, Noura", ("noura",), False),
        ("On call: Sara", ("sara",), False),
        ("On-call - sara & fahad", ("sara", "fahad"), False),
        ("Sara (on call)", ("sara",), False),
        ("On call: @sara @fahad", ("sara", "fahad"), False),
        ("مناوبة: نورة و فهد", ("نورة", "فهد"), False),
        ("\u200fنورة\u200f", ("نورة",), False),
        ("Sara / Fahad and Mona|Noura", ("sara", "fahad", "mona", "noura"), False),
        ("sara.ali@example.com", ("sara.ali",), False),
        ("[L2] \u201csara\u201d \U0001f4de", ("sara",), False),
        ("Override - Sara", ("sara",), True),
        ("Sara (on leave)", ("sara (on leave)",), False),
        ("Leave: Sara", ("leave: sara",), False),
        ("Fahad covers @sara", ("fahad covers @sara",), False),
        (" , ", (), False),
    ],
)
def test_a_title_names_people(title: str, names: tuple[str, ...], *, is_override: bool) -> None:
    """However they are separated, and whatever their capitals."""
    assert parse_title(title) == (names, is_override)


def test_unknown_names_are_reported_and_the_fallback_is_on_call() -> None:
    """Scenario 36; an override that names nobody known does not end the turn of the others."""
    body = calendar(
        event("Bob", ":20260202T080000", "DTEND:20260203T080000"),
        event("noura", ":20260203T080000", "DTEND:20260204T080000"),
        event("Override: Norah", ":20260203T100000", "DTEND:20260203T120000"),
    )
    rota, start = loaded(body, fallback="lead"), local("2026-02-02 08:00")
    found = rota.on_call("ops", start)

    assert (found.people, found.is_fallback, found.next) == (("lead",), True, ("noura",))
    assert rota.people("ops", local("2026-02-03 11:00")) == ("noura",)
    assert rota.unknown_names("ops", start, start + 14 * DAY) == ("bob", "norah")


def test_gaps_are_found_ahead() -> None:
    """Only within `hours`, if the schedule has any."""
    body = calendar(event("noura", ":20260202T080000", "DTEND:20260202T180000", "RRULE:FREQ=DAILY"))
    start, end = local("2026-02-02 08:00"), local("2026-02-04 08:00")
    gaps = loaded(body).gaps("ops", start, end)
    in_hours = loaded(body, hours="08:00-20:00").gaps("ops", start, end)

    assert [(one.starts_at, one.ends_at) for one in gaps] == [
        (local(f"2026-02-0{day} 18:00"), local(f"2026-02-0{day + 1} 08:00")) for day in (2, 3)
    ]
    assert [one.ends_at - one.starts_at for one in in_hours] == [2 * HOUR, 2 * HOUR]


MINUTES = ",".join(map(str, range(25)))
REFUSED = {
    "an event repeats more often than hourly": (
        calendar(event("noura", ":20260101T000000Z", "DURATION:PT1S", "RRULE:FREQ=SECONDLY")),
        calendar(event("noura", ":20260101T000000Z", "RRULE:INTERVAL=2;FREQ=minutely")),
        calendar(event("noura", ":20260101T000000Z", "RRULE:FREQ=\r\n HOURLY")),
        calendar(event("noura", ":20260101T000000Z", f"RRULE:FREQ=DAILY;BYMINUTE={MINUTES}")),
    ),
    "it is larger than 1 MiB": (b"BEGIN:VCALENDAR\n" + b"x" * MAX_BYTES,),
    "it is not a calendar": (b"", b"<html>Sign in</html>", b"\xff\xfe\x00"),
    "it has more than 2,000 events": (
        calendar(*(event("noura", ":20260101T000000Z", uid=str(one)) for one in range(2_001))),
    ),
    "it is incomplete": (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a",),
    "its events can't be read": (b"BEGIN:VCALENDAR\nno colon\nEND:VCALENDAR\n",),
}


@pytest.mark.parametrize(
    ("reason", "body"), [(reason, body) for reason, found in REFUSED.items() for body in found]
)
def test_a_hostile_calendar_is_refused(reason: str, body: bytes) -> None:
    """Before anything of it is expanded."""
    with pytest.raises(UnreadableCalendar, match=reason):
        read(body)


async def test_a_calendar_is_read_in_a_process_of_its_own() -> None:
    """The process returns what reading it here returns."""
    found = await expand(
        BY_THE_WEEK, zone="Asia/Kuwait", handover=time(8), start=START, end=START + 40 * DAY
    )

    assert found == tuple(
        one for one in read(BY_THE_WEEK).events if one.starts_at < START + 40 * DAY
    )


@pytest.mark.parametrize("rule", ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;INTERVAL=0"])
async def test_a_rule_without_an_end_is_ended(rule: str) -> None:
    """Two seconds of a processor, and the process is gone."""
    body = calendar(event("noura", ":20260101T000000Z", "DURATION:PT1H", f"RRULE:{rule}"))

    with pytest.raises(UnreadableCalendar, match=TOO_SLOW):
        await expand(body, zone="Asia/Kuwait", handover=time(8), start=START, end=END)


def test_all_test_names_are_contacts() -> None:
    """So that no test passes because of a name that nobody has."""
    assert loaded(BY_THE_WEEK).unknown_names("ops", START, END) == ()
    assert {name for one in read(BY_THE_WEEK).events for name in one.names} <= {*NAMES}


def test_an_event_without_a_length_is_no_shift() -> None:
    """An event without a length puts nobody on call."""
    body = calendar(event("noura", ":20260202T080000"))

    assert read(body).events == ()


def test_private_parts_of_a_calendar_are_not_kept() -> None:
    """Descriptions, places and participants are left out; the events stay as they are."""
    private = (
        "DESCRIPTION:Call 98765432\r\n  or write",
        "ATTENDEE;CN=Noura:mailto:noura@example.com",
        "LOCATION:Home",
        "X-ALT-DESC;FMTTYPE=text/html:98765432",
    )
    body = calendar(
        event("noura", ":20260202T080000Z", "DTEND:20260203T080000Z", *private), zone="Asia/Kuwait"
    )
    kept = without_private_parts(decode(body))

    assert [word for word in ("98765432", "example.com", "Home", "or write") if word in kept] == []
    assert "X-WR-TIMEZONE:Asia/Kuwait" in kept
    assert read(kept.encode()) == read(body)


def test_events_that_cannot_be_read_are_left_out() -> None:
    """One broken event does not take the others with it."""
    body = calendar(
        event("sara", ":not-a-date", "DTEND:20260202T120000"),
        event("fahad", ":20260202T080000", "DTEND:tomorrow"),
        "BEGIN:VEVENT\r\nUID:x\r\nSUMMARY:mona\r\nEND:VEVENT",
        event("noura", ":20260202T080000", "DTEND:20260202T120000", "SUMMARY:sara"),
    )

    assert [one.names for one in read(body).events] == [("noura",)]


def test_an_exception_may_be_far_from_its_rule() -> None:
    """A shift that was moved to another month is found there, and not where it was."""
    body = calendar(
        event("noura", ":20260202T080000", "DURATION:PT12H", "RRULE:FREQ=WEEKLY", uid="a"),
        event(
            "sara", ":20260605T080000", "DURATION:PT2H", "RECURRENCE-ID:20260302T080000", uid="a"
        ),
    )
    rota = loaded(body)

    assert rota.people("ops", local("2026-03-02 09:00")) == ()
    assert rota.people("ops", local("2026-06-05 09:00")) == ("sara",)
