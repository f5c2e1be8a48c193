"""Calendars as people and their tools write them, also where RFC 5545 is not kept."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwtsms_bot.bridge.on_call.calendar import CalendarTerms, read_events
from kwtsms_bot.bridge.on_call.calendar_text import decode, without_private_parts
from kwtsms_bot.bridge.on_call.duty_roster import DutyRoster, LoadedCalendar
from support.calendar_expansion import Series, all_series, spans, written
from support.on_call import DAY, KUWAIT, calendar, event, local, roster

START = local("2025-12-01 00:00")
END = START + 400 * DAY
NEW_YORK, LONDON = ZoneInfo("America/New_York"), ZoneInfo("Europe/London")
SHIFT = (":20260202T080000", "DTEND:20260203T080000")
SARA = calendar(event("sara", *SHIFT))
TASK = b"BEGIN:VTODO\r\nUID:t\r\nSUMMARY:mona\r\nRRULE:FREQ=HOURLY\r\nEND:VTODO\r\n"
OUTLOOK_ZONE = """\
BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE"""


def read(body: bytes, zone: ZoneInfo = KUWAIT) -> DutyRoster:
    """A roster with this calendar, as it is kept: without private parts."""
    kept = without_private_parts(decode(body)).encode()
    rota = roster(calendar="team.ics", timezone=str(zone))
    terms = CalendarTerms(zone, time(8), START, END)
    rota.set_calendar("ops", LoadedCalendar(read_events(kept, terms), END))
    return rota


def people_on(rota: DutyRoster, *times: str, zone: ZoneInfo = KUWAIT) -> list[tuple[str, ...]]:
    """The people on call at each of these times."""
    return [rota.people("ops", local(one, zone)) for one in times]


def daily(rule: str, zone: str, *lines: str, title: str = "sara") -> str:
    """An event from 9 to 17, each day from Monday, 2 February."""
    start = f";TZID={zone}:" if zone else ":"
    end = f"DTEND{start}20260202T170000"
    return event(title, f"{start}20260202T090000", end, f"RRULE:{rule}", *lines, uid="daily")


@pytest.mark.parametrize(
    "body",
    [
        SARA.replace(b"\r\n", b"\n"),
        SARA.replace(b"\r\n", b"\r"),
        SARA.replace(b"\r\n", b"\r\n\r\n"),
        b"\xef\xbb\xbf" + SARA,
        SARA.decode().encode("utf-16"),
        SARA.replace(b"SUMMARY:sara", b"SUMMARY;LANGUAGE=en-us:sa\r\n r\r\n\ta"),
        SARA.replace(b"SUMMARY", b"LOCATION:Caf\xe9\r\nSUMMARY"),
        SARA.replace(b"SUMMARY", b"CATEGORIES:a\xe2\x80\xa8b\x0cc\r\nSUMMARY"),
        SARA.replace(b"SUMMARY", b"not a property\r\nSUMMARY"),
        SARA.replace(b"SUMMARY", b"TRANSP:TRANSPARENT\r\nSTATUS:TENTATIVE\r\nSUMMARY"),
        SARA.replace(b"BEGIN", b"begin").replace(b"DTSTART", b"dtstart"),
        SARA + SARA.replace(b"UID:", b"UID:other"),
        SARA.replace(b"BEGIN:VEVENT", TASK + b"BEGIN:VEVENT"),
    ],
)
def test_a_file_may_have_any_shape(body: bytes) -> None:
    """Line ends, encodings, folds, marks of tools: the same event."""
    found = people_on(read(body), "2026-02-02 07:59", "2026-02-02 08:00", "2026-02-03 08:00")

    assert found == [(), ("sara",), ()]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1256"])
def test_arabic_names_of_old_tools_are_read(encoding: str) -> None:
    """In Windows' encoding, and folded within a letter."""
    body = calendar(event("\u0646\u0648\u0631\u0629", *SHIFT)).decode().encode(encoding)
    middle = body.index("\u0646".encode(encoding)) + 1
    folded = body[:middle] + b"\r\n " + body[middle:]
    terms = CalendarTerms(KUWAIT, time(8), START, END)

    assert [one.names for one in read_events(folded, terms)] == [("\u0646\u0648\u0631\u0629",)]


@pytest.mark.filterwarnings("ignore:Timezone:UserWarning")  # A name with a prefix is a guess.
@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        ("Arab Standard Time", "05"),
        ("GMT Standard Time", "08"),
        ("/mozilla.org/20050126_1/Asia/Kuwait", "05"),
        ('"(UTC+03:00) Kuwait, Riyadh"', "05"),
        ("(UTC+03:00) Kuwait, Riyadh", "05"),
        ("GMT+0300", "05"),
        ("UTC-5", "13"),
    ],
)
def test_zones_have_the_names_of_tools(zone: str, hour: str) -> None:
    """Windows' names, prefixes, and offsets."""
    lines = (f";TZID={zone}:20260202T080000", f"DTEND;TZID={zone}:20260202T090000")
    rota = read(calendar(event("sara", *lines)), NEW_YORK)
    start = datetime.fromisoformat(f"2026-02-02T{hour}:00Z")

    assert rota.people("ops", start) == ("sara",)
    assert rota.people("ops", start - timedelta(seconds=1)) == ()


@pytest.mark.parametrize("name", ["(UTC-05:00) Eastern Time (US & Canada)", "Custom Zone 1"])
def test_a_zone_that_the_calendar_defines_counts(name: str) -> None:
    """With its summer time, whatever its name says."""
    zone = OUTLOOK_ZONE.format(name=name).replace("\n", "\r\n")
    rota = read(calendar(zone, daily("FREQ=DAILY", f'"{name}"')))

    assert people_on(rota, "2026-07-06 08:59", "2026-07-06 09:00", zone=NEW_YORK) == [(), ("sara",)]
    assert people_on(rota, "2026-11-02 08:59", "2026-11-02 09:00", zone=NEW_YORK) == [(), ("sara",)]


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Auckland", ""])
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;UNTIL=20260205",
        "FREQ=DAILY;UNTIL=20260205T090000",
        "FREQ=DAILY;UNTIL={utc}",
        " freq=daily; count=4; X-OWN=1;",
    ],
)
def test_a_rule_ends_as_its_author_meant(rule: str, zone: str) -> None:
    """A date means that whole day; a time without a zone is in that of the event."""
    place = ZoneInfo(zone) if zone else KUWAIT
    last = local("2026-02-05 09:00", place)
    rota = read(calendar(daily(rule.format(utc=f"{last:%Y%m%dT%H%M%SZ}"), zone)))

    assert people_on(rota, "2026-02-05 10:00", "2026-02-06 10:00", zone=place) == [("sara",), ()]


@pytest.mark.parametrize(
    "line",
    [
        "RECURRENCE-ID;TZID=Europe/London:20260205T090000",
        "RECURRENCE-ID:20260205T090000Z",
        "RECURRENCE-ID;VALUE=DATE:20260205",
        "RECURRENCE-ID;TZID=Asia/Kuwait:20260205T120000",
    ],
)
def test_an_exception_is_found_by_any_spelling_of_its_time(line: str) -> None:
    """The exception replaces the turn that it names, and leaves the others."""
    times = (";TZID=Europe/London:20260205T090000", "DTEND;TZID=Europe/London:20260205T170000")
    exception = event("fahad", *times, line, uid="daily")
    rota = read(calendar(exception, daily("FREQ=DAILY", "Europe/London")))
    found = people_on(rota, "2026-02-04 10:00", "2026-02-05 10:00", "2026-02-06 10:00", zone=LONDON)

    assert found == [("sara",), ("fahad",), ("sara",)]


def test_thisandfuture_changes_all_later_shifts() -> None:
    """From THISANDFUTURE on another person is on call, at another time."""
    times = (";TZID=Europe/London:20260205T110000", "DTEND;TZID=Europe/London:20260205T190000")
    line = "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/London:20260205T090000"
    change = event("fahad", *times, line, uid="daily")
    rota = read(calendar(daily("FREQ=DAILY", "Europe/London"), change))
    found = people_on(rota, "2026-02-04 10:00", "2026-02-09 10:00", "2026-02-09 18:00", zone=LONDON)

    assert found == [("sara",), (), ("fahad",)]


@pytest.mark.parametrize("uid", ["UID:copied", "X-NOTHING:"])
def test_events_by_hand_may_share_their_identifier(uid: str) -> None:
    """Or have none: people copy events, and each of them counts."""
    days = [(name, f";VALUE=DATE:2026020{2 + day}") for day, name in enumerate(("sara", "fahad"))]
    body = "".join(
        f"BEGIN:VEVENT\r\n{uid}\r\nSUMMARY:{name}\r\nDTSTART{day}\r\nRRULE:FREQ=WEEKLY\r\n"
        "END:VEVENT\r\n"
        for name, day in days
    )
    rota = read(calendar(body.rstrip()))

    assert people_on(rota, "2026-02-09 12:00", "2026-02-10 12:00") == [("sara",), ("fahad",)]


def test_people_are_in_the_same_order_each_time() -> None:
    """The order of events in the file, which tools change, doesn't matter."""
    events = [event(name, *SHIFT) for name in ("sara", "fahad", "mona")]

    found = [
        people_on(read(calendar(*each)), "2026-02-02 12:00") for each in (events, events[::-1])
    ]

    assert found == [[("fahad", "mona", "sara")]] * 2


def test_the_latest_revision_of_an_event_counts() -> None:
    """An event with the same identifier and a higher SEQUENCE replaces the other."""
    rota = read(
        calendar(
            event("sara", *SHIFT, "SEQUENCE:1", uid="a"),
            event("fahad", ":20260204T080000", "DTEND:20260205T080000", "SEQUENCE:2", uid="a"),
        )
    )

    assert people_on(rota, "2026-02-02 12:00", "2026-02-04 12:00") == [(), ("fahad",)]


@pytest.mark.parametrize(
    "lines",
    [
        (":20260202T080000", "DTEND:20260202T020000"),
        (":20260202T080000", "DURATION:-PT6H"),
        (";VALUE=DATE:20260202", "DTEND;VALUE=DATE:20260201"),
    ],
)
def test_an_event_that_ends_before_it_begins_is_none(lines: tuple[str, ...]) -> None:
    """The time before it stays without anybody."""
    rota = read(calendar(event("sara", *lines)))

    assert rota.periods("ops", START, END)[0].people == ()
    assert len(rota.periods("ops", START, END)) == 1


def test_a_day_may_end_on_itself() -> None:
    """Some tools write an event of one day like that."""
    rota = read(calendar(event("sara", ";VALUE=DATE:20260202", "DTEND;VALUE=DATE:20260202")))

    assert people_on(rota, "2026-02-03 07:59", "2026-02-03 08:00") == [("sara",), ()]


@pytest.mark.parametrize(
    "line",
    [
        b"X-WR-TIMEZONE:Europe/London",
        b"x-wr-timezone;VALUE=TEXT:Europe/London",
        b"X-WR-TIMEZONE:GMT Standard Time",
    ],
)
def test_the_zone_of_a_calendar_has_many_forms(line: bytes) -> None:
    """The zone is kept with the copy, and counts for times without one."""
    body = calendar(event("sara", ":20260702T080000", "DTEND:20260702T090000")).replace(
        b"VERSION:2.0", b"VERSION:2.0\r\n" + line
    )

    assert people_on(read(body), "2026-07-02 08:30", zone=LONDON) == [("sara",)]


@settings(max_examples=40)
@given(st.lists(all_series(), min_size=1, max_size=3), st.sampled_from([KUWAIT, LONDON]))
def test_any_calendar_is_read_as_its_rules_say(series: list[Series], zone: ZoneInfo) -> None:
    """The people around each change are those of an expansion day by day."""
    body = calendar(*(text for uid, one in enumerate(series) for text in written(one, str(uid))))
    rota, found = read(body, zone), [span for one in series for span in spans(one, zone)]
    changes = {at for begin, end, _ in found for at in (begin, end) if START < at < END - 31 * DAY}
    times = sorted({one - timedelta(minutes=before) for one in changes for before in (0, 1)})

    assert [set(rota.people("ops", at)) for at in times] == [
        {name for begin, end, name in found if begin <= at < end} for at in times
    ]
