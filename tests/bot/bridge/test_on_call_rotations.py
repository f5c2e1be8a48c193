"""People take turns by the clock on the wall, all year, wherever the schedule's zone is."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.bridge.on_call.duty_roster import Override
from kwtsms_bot.bridge.on_call.schedule import Shift, people_at, periods
from kwtsms_bot.bridge.on_call.wall_time import instant_of, wall_time
from support.on_call import DAY, HOUR, NAMES, PHONEBOOK, hours_from, local, roster

# With and without summer time, on both sides of the equator, by an hour and by half an hour.
ZONES = (
    "Asia/Kuwait",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
)
naive = datetime.fromisoformat  # Of a time without a zone.
START = datetime(2026, 1, 10, tzinfo=UTC)


def expected_people(hours: list[datetime], zone: str, begins: str, days: int) -> list[str]:
    """The person of each hour, from a clock that never goes back.

    Where clocks are put back, the highest time that they showed counts: a turn that has begun does
    not begin again.
    """
    tz, first = ZoneInfo(zone), datetime.fromisoformat(begins)
    shown, slot, found = first, 0, []
    for hour in hours:
        # Clocks are read every half hour, so that no highest time is missed.
        for moment in (hour - HOUR / 2, hour):
            shown = max(shown, moment.astimezone(tz).replace(tzinfo=None))
        while first + (slot + 1) * timedelta(days=days) <= shown:
            slot += 1
        found.append(NAMES[slot % 3])
    return found


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("begins", "days"), [("2026-01-04 08:00", 7), ("2026-01-04 02:30", 1)])
def test_each_hour_of_400_days_has_the_expected_person(zone: str, begins: str, days: int) -> None:
    """Handovers at 08:00, and at 02:30, which some nights skip and others show twice."""
    rota = roster(timezone=zone, every=f"{days}d", **{"from": begins})
    hours = hours_from(START)

    assert [rota.people("ops", one)[0] for one in hours] == expected_people(
        hours, zone, begins, days
    )


def test_a_handover_is_exact() -> None:
    """At 07:59:59 on Sunday it is the one, at 08:00:00 the other: scenario 33."""
    rota = roster()

    before, after = (local(f"2026-11-29 {time}") for time in ("07:59:59", "08:00:00"))
    found = rota.on_call("ops", before)

    assert (found.people, found.until, found.next) == (("fahad",), after, ("sara",))
    assert rota.people("ops", after) == ("sara",)


def test_a_skipped_handover_is_at_the_first_minute_after() -> None:
    """In Berlin, clocks go from 02:00 to 03:00 on 29 March 2026."""
    assert instant_of(naive("2026-03-29 02:30"), ZoneInfo("Europe/Berlin")) == datetime(
        2026, 3, 29, 1, tzinfo=UTC
    )


def test_a_time_that_is_shown_twice_is_the_first() -> None:
    """In Berlin, 02:30 is shown twice on 25 October 2026."""
    assert instant_of(naive("2026-10-25 02:30"), ZoneInfo("Europe/Berlin")) == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )


@given(
    wall=st.datetimes(naive("2000-01-01"), naive("2050-01-01")),
    zone=st.sampled_from((*ZONES, "Pacific/Apia", "Asia/Kathmandu")),
)
def test_a_wall_time_is_reached_at_its_instant_and_not_before(wall: datetime, zone: str) -> None:
    """At the instant, clocks show the time or a later one; a second before, an earlier one."""
    tz, rounded = ZoneInfo(zone), wall.replace(microsecond=0)
    instant = instant_of(rounded, tz)

    assert wall_time(instant, tz) >= rounded
    assert wall_time(instant - timedelta(seconds=1), tz) < rounded


@given(
    people=st.integers(1, 5),
    every=st.sampled_from(("1d", "7d", "14d", "12h")),
    zone=st.sampled_from(ZONES),
    at=st.datetimes(naive("2020-01-01"), naive("2040-01-01"), timezones=st.just(UTC)),
)
def test_somebody_is_always_on_call(people: int, every: str, zone: str, at: datetime) -> None:
    """The person now stays until `until`, and then it is `next`; also before the beginning."""
    rota = roster(people=NAMES[:people], every=every, timezone=zone)
    found = rota.on_call("ops", at)

    assert found.people == rota.people("ops", at)
    if people == 1:
        assert (found.until, found.next) == (None, ())
        return
    assert found.until is not None
    assert rota.people("ops", found.until - timedelta(seconds=1)) == found.people
    assert rota.people("ops", found.until) == found.next != found.people


def test_outside_the_hours_the_fallback_is_on_call() -> None:
    """Hours may end after midnight; they are no gap to report."""
    rota = roster(hours="22:00-06:00", fallback="lead")
    day = local("2026-01-05 12:00")
    found = rota.on_call("ops", day)

    assert (found.people, found.is_fallback) == (("lead",), True)
    assert (found.until, found.next) == (local("2026-01-05 22:00"), ("noura",))
    assert rota.people("ops", local("2026-01-06 05:59")) == ("noura",)
    assert rota.gaps("ops", day, day + 14 * DAY) == ()


def test_an_override_counts_for_its_time() -> None:
    """The newest of two wins, and then the older one is back."""
    rota, start = roster(), local("2026-11-29 10:00")
    rota.set_overrides(
        [
            Override("ops", "noura", start, start + 4 * HOUR),
            Override("ops", "fahad", start + HOUR, start + 2 * HOUR),
            Override("net", "mona", start, start + 4 * HOUR),
        ]
    )
    hours = [rota.people("ops", start + number * HOUR)[0] for number in range(-1, 5)]

    assert hours == ["sara", "noura", "fahad", "noura", "noura", "sara"]


def test_overrides_of_people_who_left_do_not_count() -> None:
    """A name that is no longer in the phone book puts nobody on call."""
    rota, start = roster(), local("2026-11-29 10:00")
    rota.set_overrides([Override("ops", "gone", start, start + 4 * HOUR)])

    assert rota.people("ops", start) == ("sara",)


def test_all_members_of_a_group_are_on_call() -> None:
    """All members of a group have its turn."""
    rota = roster(people=["team", "sara"])

    assert rota.people("ops", local("2026-01-05 08:00")) == PHONEBOOK.groups["team"]


def test_nobody_is_on_call_by_an_unknown_schedule() -> None:
    """A schedule that was removed from the configuration has no people."""
    assert roster().people("removed", START) == ()


def spans() -> st.SearchStrategy[Shift]:
    """Shifts of whole hours within two days, of any people and rank; some without a length."""
    hours, people = st.integers(0, 48), st.lists(st.sampled_from(NAMES), max_size=3)
    return st.builds(
        lambda begin, end, names, rank: Shift(
            START + begin * HOUR, START + end * HOUR, tuple(names), rank
        ),
        hours,
        hours,
        people,
        st.integers(0, 2),
    )


@given(shifts=st.lists(spans(), max_size=8))
def test_periods_have_no_holes_and_agree_with_each_hour(shifts: list[Shift]) -> None:
    """Each period begins where the last ended, and neighbours differ in their people."""
    named = [one for one in shifts if one.people]
    found = periods(named, START, START + 2 * DAY)
    hours = [START + number * HOUR for number in range(48)]
    by_period = [
        {*one.people} for hour in hours for one in found if one.starts_at <= hour < one.ends_at
    ]
    changes = [{*one.people} != {*following.people} for one, following in pairwise(found)]

    assert [one.starts_at for one in found[1:]] == [one.ends_at for one in found[:-1]]
    assert (found[0].starts_at, found[-1].ends_at) == (START, START + 2 * DAY)
    assert all(changes)
    assert by_period == [{*people_at(named, hour)} for hour in hours]
