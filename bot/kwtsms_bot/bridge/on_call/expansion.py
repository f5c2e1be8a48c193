"""Reads a calendar in a process of its own, which is ended if it takes too long.

A rule of a few bytes can keep a thread busy for years, and no thread can be stopped.
"""

import asyncio
import json
import os
import sys
import threading
import time
from datetime import UTC, datetime
from datetime import time as time_of_day

from kwtsms_bot.bridge.on_call.calendar import CalendarEvent, CalendarTerms, read_events
from kwtsms_bot.bridge.on_call.calendar_text import UnreadableCalendar, check_size
from kwtsms_bot.bridge.on_call.wall_time import zone_named

CPU_SECONDS = 2.0  # Of reading; loading the libraries is not counted.
WALL_SECONDS = 30.0  # Of the process, on a machine that is busy otherwise.
CHECK_SECONDS = 0.05
TOO_SLOW = "reading its events takes too long"


async def expand(
    body: bytes, *, zone: str, handover: time_of_day, start: datetime, end: datetime
) -> tuple[CalendarEvent, ...]:
    """Returns the events of a calendar from `start` to `end`.

    Raises:
        UnreadableCalendar: it is not accepted, or takes too long.
    """
    check_size(body)  # No process is started for what is refused anyway.
    terms = [zone, handover.isoformat(), start.timestamp(), end.timestamp()]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(WALL_SECONDS):
            output, _ = await process.communicate(json.dumps(terms).encode() + b"\n" + body)
    except TimeoutError:
        raise UnreadableCalendar(TOO_SLOW) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _events_of(output)


def _events_of(output: bytes) -> tuple[CalendarEvent, ...]:
    """Returns the events that the process wrote.

    Raises:
        UnreadableCalendar: it wrote why it refused them, or was ended.
    """
    found = json.loads(output) if output else TOO_SLOW
    if isinstance(found, str):
        raise UnreadableCalendar(found)
    return tuple(
        CalendarEvent(
            datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC), tuple(names), rank
        )
        for start, end, names, rank in found
    )


def main() -> None:
    """Reads terms and a calendar from standard input, and writes its events as JSON."""
    zone, handover, start, end = json.loads(sys.stdin.buffer.readline())
    terms = CalendarTerms(
        zone_named(zone),
        time_of_day.fromisoformat(handover),
        datetime.fromtimestamp(start, UTC),
        datetime.fromtimestamp(end, UTC),
    )
    _load_libraries()
    threading.Thread(target=_end_in_time, args=(time.process_time(),), daemon=True).start()
    sys.stdout.write(json.dumps(_read(terms)))


def _read(terms: CalendarTerms) -> str | list[tuple[float, float, tuple[str, ...], int]]:
    """Returns the events of the calendar on standard input, or why they are refused."""
    try:
        events = read_events(sys.stdin.buffer.read(), terms)
    except UnreadableCalendar as error:
        return str(error)
    return [
        (one.starts_at.timestamp(), one.ends_at.timestamp(), one.names, one.rank) for one in events
    ]


def _load_libraries() -> None:
    import icalendar  # noqa: F401, PLC0415 - See `calendar`.
    import recurring_ical_events  # noqa: F401, PLC0415
    import x_wr_timezone  # noqa: F401, PLC0415


def _end_in_time(started_at: float) -> None:
    """Ends the process once it has used up its time."""
    while time.process_time() - started_at < CPU_SECONDS:
        time.sleep(CHECK_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
