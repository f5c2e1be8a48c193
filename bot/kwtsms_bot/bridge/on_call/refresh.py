"""Keeps a duty roster up to date: overrides every few seconds, calendars every ten minutes.

The last good copy of a calendar is in the database and serves for seven days, so that a calendar
that is away is not nobody on call. Replicas share the copies, and one of them fetches.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from kwtsms_bot.background import poll
from kwtsms_bot.bridge.on_call.calendar_client import CalendarSource, CalendarUnavailable, fetch
from kwtsms_bot.bridge.on_call.calendar_text import (
    UnreadableCalendar,
    decode,
    without_private_parts,
)
from kwtsms_bot.bridge.on_call.duty_roster import DutyRoster, LoadedCalendar
from kwtsms_bot.bridge.on_call.expansion import expand
from kwtsms_bot.bridge.on_call.store import CalendarCopy, OnCallStore
from kwtsms_bot.config.on_call import ScheduleSettings
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.database.job_slots import claim_slot, slot_of

OVERRIDE_SECONDS, CALENDAR_SECONDS = 3.0, 5.0  # Between two looks at the database.
FETCH_EVERY, RETRY_EVERY = timedelta(minutes=10), timedelta(minutes=1)
COPY_LASTS = timedelta(days=7)
# The time that is expanded at once, and how much of it must be left.
PAST, FUTURE, LEAST_FUTURE = timedelta(days=3), timedelta(days=45), timedelta(days=16)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A copy that the roster has."""

    fetched_at: datetime
    body_hash: str
    end: datetime


class RosterRefresher:
    """Loop that sets a roster's overrides and calendars."""

    def __init__(
        self, roster: DutyRoster, store: OnCallStore, *, clock: Callable[[], datetime]
    ) -> None:
        self._roster, self._store, self._clock = roster, store, clock
        self._loaded: dict[str, _Loaded] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Refreshes the roster until `stop` is set."""
        if not self._roster.names:
            await stop.wait()
            return
        await asyncio.gather(
            poll(stop, self._step_overrides, _on_error, errors=DatabaseError),
            poll(stop, self._step_calendars, _on_error, errors=DatabaseError),
        )

    async def _step_overrides(self) -> float:
        await self.load_overrides()
        return OVERRIDE_SECONDS

    async def _step_calendars(self) -> float:
        await self.refresh_calendars()
        return CALENDAR_SECONDS

    async def load_stored(self) -> None:
        """Sets the overrides and the copies of calendars that are stored, and fetches nothing.

        Raises:
            DatabaseError: the database does not answer.
        """
        if not self._roster.names:
            return
        await self.load_overrides()
        sources = _sources(self._roster)
        await self._store.delete_copies(except_for=sources)
        copies = await self._store.copies() if sources else {}
        for name, source in sources.items():
            await self._set(name, _copy_of(copies, name, source))

    async def load_overrides(self) -> None:
        """Sets the overrides that are stored.

        Raises:
            DatabaseError: the database does not answer.
        """
        self._roster.set_overrides(await self._store.overrides(self._clock()))

    async def refresh_calendars(self) -> None:
        """Fetches the calendars that are due, and sets those that are new.

        Raises:
            DatabaseError: the database does not answer.
        """
        sources = _sources(self._roster)
        copies = await self._store.copies() if sources else {}
        for name, source in sources.items():
            copy = _copy_of(copies, name, source)
            if await self._is_due(name, copy):
                await self._fetch(name, source, copy)
                copy = _copy_of(await self._store.copies(), name, source)
            await self._set(name, copy)

    async def _is_due(self, name: str, copy: CalendarCopy | None) -> bool:
        """Whether this process fetches a calendar now: at once if it never was fetched."""
        every = RETRY_EVERY if copy and copy.failed_since else FETCH_EVERY
        job = f"calendar {name} {every // RETRY_EVERY}"
        is_claimed = await claim_slot(self._store.database, job, slot_of(self._clock(), every))
        return is_claimed or copy is None

    async def _fetch(self, name: str, source: CalendarSource, copy: CalendarCopy | None) -> None:
        """Fetches a calendar, and stores it if it can be read."""
        now, source_hash = self._clock(), _hash(source.location)
        try:
            fetched = await fetch(source, copy.etag if copy and copy.fetched_at else None)
            if fetched.body is not None:
                await self._expand(name, fetched.body)
        except (CalendarUnavailable, UnreadableCalendar) as error:
            log.warning("calendar not read", schedule=name, reason=str(error))
            await self._store.record_failure(name, source_hash, now, failure=str(error))
            return
        body = None
        if fetched.body is not None:
            body = without_private_parts(decode(fetched.body))
        await self._store.record_fetched(name, source_hash, now, body=body, etag=fetched.etag)

    async def _set(self, name: str, copy: CalendarCopy | None) -> None:
        """Gives the roster a copy that is new to it; takes away one that is too old."""
        now, loaded = self._clock(), self._loaded.get(name)
        if copy is None or copy.fetched_at is None or now - copy.fetched_at > COPY_LASTS:
            self._loaded.pop(name, None)
            self._roster.set_calendar(name, None)
            return
        is_long_enough = loaded is not None and loaded.end - now > LEAST_FUTURE
        if loaded is not None and loaded.fetched_at == copy.fetched_at and is_long_enough:
            return
        body = await self._store.copy_body(name) or ""
        body_hash = _hash(body)
        if loaded is None or loaded.body_hash != body_hash or not is_long_enough:
            try:
                calendar = await self._expand(name, body.encode())
            except UnreadableCalendar as error:  # It could be read before: this machine is busy.
                log.warning("calendar not expanded", schedule=name, reason=str(error))
                return
            self._roster.set_calendar(name, calendar)
            self._loaded[name] = _Loaded(copy.fetched_at, body_hash, calendar.end)
        else:
            self._loaded[name] = _Loaded(copy.fetched_at, body_hash, loaded.end)

    async def _expand(self, name: str, body: bytes) -> LoadedCalendar:
        now = self._clock()
        settings = self._roster.settings(name)
        return await expand_calendar(body, settings, now - PAST, now + FUTURE)


async def expand_calendar(
    body: bytes, settings: ScheduleSettings, start: datetime, end: datetime
) -> LoadedCalendar:
    """Returns the events of a schedule's calendar from `start` to `end`.

    Raises:
        UnreadableCalendar: it is not accepted.
    """
    events = await expand(
        body, zone=settings.timezone, handover=settings.handover, start=start, end=end
    )
    return LoadedCalendar(events, end)


def source_of(settings: ScheduleSettings) -> CalendarSource | None:
    """Returns where the calendar of a schedule is; None if it has none."""
    if settings.calendar is None:
        return None
    return CalendarSource(settings.calendar.get_secret_value(), settings.allow_private)


def _sources(roster: DutyRoster) -> dict[str, CalendarSource]:
    found = {name: source_of(roster.settings(name)) for name in roster.names}
    return {name: source for name, source in found.items() if source is not None}


def _copy_of(
    copies: Mapping[str, CalendarCopy], name: str, source: CalendarSource
) -> CalendarCopy | None:
    """Returns the copy of a schedule, unless it is of another address."""
    copy = copies.get(name)
    return copy if copy and copy.source_hash == _hash(source.location) else None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _on_error(error: DatabaseError) -> float:
    log.error("schedules not refreshed", error=str(error))
    return OVERRIDE_SECONDS
