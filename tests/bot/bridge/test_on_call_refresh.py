"""A calendar that is away is not nobody on call: its last good copy serves for seven days."""

from datetime import timedelta
from pathlib import Path

from kwtsms_bot.bridge.on_call.refresh import COPY_LASTS, FETCH_EVERY, RETRY_EVERY, RosterRefresher
from support.on_call import DAY, HOUR, event, local, roster, write_calendar
from support.on_call_bench import OnCallBench, on_call_bench

NOW = local("2026-11-29 10:00")
ALWAYS = event("noura", ":20261101T080000", "DTEND:20270201T080000")
HOSTILE = event("fahad", ":20261101T080000", "DURATION:PT1S", "RRULE:FREQ=SECONDLY")


def net(folder: Path) -> dict[str, str]:
    """A schedule by the calendar in this folder."""
    return {"calendar": write_calendar(folder, ALWAYS), "fallback": "lead"}


def restart(bed: OnCallBench) -> None:
    """Forgets what was loaded, as a new process."""
    bed.roster.set_calendar("net", None)
    bed.refresher = RosterRefresher(bed.roster, bed.store, clock=lambda: bed.now)


async def test_a_calendar_is_read_at_once_and_then_every_ten_minutes(tmp_path: Path) -> None:
    """A change in it counts after ten minutes at most."""
    async with on_call_bench(tmp_path, NOW, net=net(tmp_path)) as bed:
        before = bed.roster.people("net", NOW)
        await bed.refresher.refresh_calendars()
        first = bed.roster.people("net", NOW)
        write_calendar(tmp_path, event("sara", ":20261101T080000", "DTEND:20270201T080000"))
        await bed.pass_time(timedelta(seconds=5))
        early = bed.roster.people("net", bed.now)
        await bed.pass_time(FETCH_EVERY)

        assert (before, first, early) == (("lead",), ("noura",), ("noura",))
        assert bed.roster.people("net", bed.now) == ("sara",)


async def test_the_last_good_copy_serves_for_seven_days(tmp_path: Path) -> None:
    """Also after a restart; then the fallback is on call."""
    async with on_call_bench(tmp_path, NOW, net=net(tmp_path)) as bed:
        await bed.refresher.refresh_calendars()
        write_calendar(tmp_path, HOSTILE)
        await bed.pass_time(FETCH_EVERY)
        copy = (await bed.store.copies())["net"]
        restart(bed)
        await bed.refresher.load_stored()
        served = bed.roster.people("net", bed.now)
        bed.now = NOW + COPY_LASTS - RETRY_EVERY
        await bed.refresher.refresh_calendars()
        still = bed.roster.people("net", bed.now)
        await bed.pass_time(2 * RETRY_EVERY)

        assert copy.failure == "an event repeats more often than hourly"
        assert (served, still) == (("noura",), ("noura",))
        assert bed.roster.people("net", bed.now) == ("lead",)


async def test_a_calendar_that_is_back_is_read_within_a_minute(tmp_path: Path) -> None:
    """A failing one is tried each minute."""
    async with on_call_bench(tmp_path, NOW, net={"calendar": str(tmp_path / "team.ics")}) as bed:
        await bed.refresher.refresh_calendars()
        failed = (await bed.store.copies())["net"]
        write_calendar(tmp_path, ALWAYS)
        await bed.pass_time(RETRY_EVERY)
        copy = (await bed.store.copies())["net"]

        assert failed.failed_since == NOW
        assert (copy.failed_since, copy.failure, copy.fetched_at) == (None, None, bed.now)
        assert bed.roster.people("net", bed.now) == ("noura",)


async def test_a_copy_of_another_address_does_not_serve(tmp_path: Path) -> None:
    """A schedule that was pointed to another calendar has no copy yet."""
    async with on_call_bench(tmp_path, NOW, net=net(tmp_path)) as bed:
        await bed.refresher.refresh_calendars()
        bed.roster.set_calendar("net", None)
        other = roster(calendar="/nowhere.ics")
        refresher = RosterRefresher(other, bed.store, clock=lambda: bed.now)
        await bed.store.record_failure("ops", "x", NOW, failure="its server can't be reached")
        await refresher.load_stored()

        assert other.people("ops", NOW) == ()


async def test_events_far_ahead_are_read_as_time_goes_by(tmp_path: Path) -> None:
    """A file is expanded again before its known time ends."""
    async with on_call_bench(tmp_path, NOW, net=net(tmp_path)) as bed:
        await bed.refresher.refresh_calendars()
        bed.now += 40 * DAY
        await bed.refresher.refresh_calendars()

        assert bed.roster.people("net", bed.now + 20 * DAY) == ("noura",)


async def test_overrides_are_loaded_from_the_database(tmp_path: Path) -> None:
    """Also if another replica has stored them."""
    async with on_call_bench(tmp_path, NOW) as bed:
        await bed.type("oncall ops mona for 4h")
        bed.roster.set_overrides([])
        await bed.refresher.load_overrides()

        assert bed.roster.people("ops", NOW + HOUR) == ("mona",)
