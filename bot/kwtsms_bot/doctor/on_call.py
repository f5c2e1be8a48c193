"""Checks who is on call now: somebody, with a number that was texted before. Reads calendars."""

from collections.abc import Iterable
from datetime import datetime

from kwtsms_bot.bridge.on_call.calendar_client import CalendarUnavailable
from kwtsms_bot.bridge.on_call.calendar_text import UnreadableCalendar
from kwtsms_bot.bridge.on_call.duty_roster import Override
from kwtsms_bot.bridge.on_call.lookup import find_on_call
from kwtsms_bot.bridge.on_call.refresh import source_of
from kwtsms_bot.bridge.on_call.store import OnCallStore
from kwtsms_bot.config import Config
from kwtsms_bot.database import Database, DatabaseError, open_database
from kwtsms_bot.doctor import Finding, FindingLevel

CHECK = "On call"


async def check(config: Config, now: datetime, *, offline: bool = False) -> tuple[Finding, ...]:
    """Reports schedules by which nobody is texted, or somebody who may not be reached.

    With `offline`, schedules whose calendar is fetched over the network are left out.
    """
    schedules = [
        name
        for name, settings in (config.bridge.oncall if config.bridge else {}).items()
        if not (offline and (source := source_of(settings)) and source.is_address)
    ]
    if not schedules:
        return ()
    try:
        database = await open_database(config.outbox.database, create=False)
    except DatabaseError:  # Reported by its own check, or there is none yet.
        return tuple([one for name in schedules for one in await _examine(config, name, now)])
    try:
        return await _check_with(database, config, schedules, now)
    finally:
        await database.close()


async def _check_with(
    database: Database, config: Config, schedules: Iterable[str], now: datetime
) -> tuple[Finding, ...]:
    store = OnCallStore(database)
    try:
        overrides = await store.overrides(now)
        found = [
            one
            for name in schedules
            for one in await _examine(config, name, now, overrides=overrides, store=store)
        ]
    except DatabaseError as error:
        summary = f"The database can't be read ({error})."
        return (Finding(CHECK, FindingLevel.SKIPPED, summary),)
    return tuple(found)


async def _examine(
    config: Config,
    name: str,
    now: datetime,
    *,
    overrides: tuple[Override, ...] = (),
    store: OnCallStore | None = None,
) -> list[Finding]:
    """Returns the findings about one schedule."""
    if config.bridge is None:
        return []
    settings, phonebook = config.bridge.oncall[name], config.phonebook
    try:
        result = await find_on_call(name, settings, phonebook, at=now, overrides=overrides)
    except (CalendarUnavailable, UnreadableCalendar) as error:
        summary = f"The calendar of {name} can't be read: {error}."
        remedy = "Check bridge.oncall in config.yaml."
        return [Finding(CHECK, FindingLevel.PROBLEM, summary, remedy)]
    people = result.on_call.people
    found = []
    if result.unknown_names:
        summary = f"The calendar of {name} has names without a number: "
        summary += f"{', '.join(result.unknown_names)}."
        remedy = "Correct them, or add them to phonebook.contacts."
        found.append(Finding(CHECK, FindingLevel.WARNING, summary, remedy))
    if not people and not result.is_gap:
        return [*found, Finding(CHECK, FindingLevel.OK, f"Outside the hours of {name}.")]
    if not people:
        remedy = "Add a fallback to the schedule."
        found.append(Finding(CHECK, FindingLevel.WARNING, f"Nobody is on call for {name}.", remedy))
    phones = {one: phonebook.contacts[one].number for one in people}
    texted = frozenset(phones.values()) if store is None else await store.texted(phones.values())
    untexted = [one for one, phone in phones.items() if phone not in texted]
    if untexted:
        summary = f"On call for {name}, but never texted so far: {', '.join(untexted)}."
        found.append(Finding(CHECK, FindingLevel.WARNING, summary, "Send them a test message."))
    return found or [Finding(CHECK, FindingLevel.OK, f"On call for {name}: {', '.join(people)}.")]
