"""`kwtsms-bridge bridge oncall`: who is on call at any time."""

import asyncio
import re
from datetime import UTC, datetime, tzinfo

import click

from kwtsms_bot.bridge.on_call.calendar_client import CalendarUnavailable
from kwtsms_bot.bridge.on_call.calendar_text import UnreadableCalendar
from kwtsms_bot.bridge.on_call.duty_roster import Override
from kwtsms_bot.bridge.on_call.lookup import OnCallResult, find_on_call
from kwtsms_bot.bridge.on_call.refresh import source_of
from kwtsms_bot.bridge.on_call.schedule import OnCall
from kwtsms_bot.bridge.on_call.store import OnCallStore
from kwtsms_bot.bridge.on_call.wall_time import instant_of
from kwtsms_bot.cli.context import NOT_FOUND_HINT, read_config
from kwtsms_bot.cli.options import config_option, json_option
from kwtsms_bot.cli.output import NOT_SENT, USAGE, echo, echo_facts, fail, report_errors, show_json
from kwtsms_bot.config import Config
from kwtsms_bot.config.on_call import SCHEDULE_PREFIX, ScheduleSettings
from kwtsms_bot.database import DatabaseError, DatabaseNotFound, open_database

FIRST_YEAR, LAST_YEAR = 1990, 2100
_ONE_DIGIT_HOUR = re.compile(r"(?<=[ Tt])(\d)(?=:)")
_SPACE_BEFORE_OFFSET = re.compile(r"\s+(?=[+-]\d\d)")


@click.command("oncall")
@click.argument("name", metavar="NAME")
@config_option
@click.option("--at", metavar="TIME", help="A date and time, in the schedule's zone. [now]")
@json_option
@report_errors
def on_call(name: str, file: str, at: str | None, as_json: bool) -> None:  # noqa: FBT001 - click.
    r"""Show who is on call by the schedule NAME, until when, and who is next.

    A calendar is fetched or read now. Overrides made in Slack count if the bot's database is here.

    \b
    Examples:
      kwtsms-bridge bridge oncall ops
      kwtsms-bridge bridge oncall ops --at "2026-12-06 08:00" --json

    \b
    Exit codes:
      0  done, also if nobody is on call
      2  there is no such schedule, or the configuration isn't valid
      4  the calendar can't be read
    """
    config = read_config(file)
    name = name.casefold().removeprefix(SCHEDULE_PREFIX)
    schedules = {} if config.bridge is None else config.bridge.oncall
    if name not in schedules:
        known = f" Known: {', '.join(schedules)}." if schedules else ""
        fail(f"There is no schedule {name} below bridge.oncall.{known}", USAGE, as_json=as_json)
    settings = schedules[name]
    moment = parse_moment(at, settings.zone) if at else datetime.now(UTC)
    if moment is None:
        problem = f'--at: expected a time in {settings.timezone} such as "2026-12-06 08:00".'
        fail(problem, USAGE, as_json=as_json)
    try:
        found = asyncio.run(_find(config, name, settings, moment))
    except (CalendarUnavailable, UnreadableCalendar) as error:
        problem = f"The calendar can't be read: {error}. {_remedy(name, settings, error)}"
        fail(problem, NOT_SENT, as_json=as_json)
    if found.unknown_names:
        unknown = ", ".join(found.unknown_names)
        click.echo(f"Warning: not in the phone book: {unknown}.", err=True)
    if as_json:
        show_json(as_json_value(name, found.on_call, settings.zone))
    else:
        _show(name, found.on_call, settings)


def _remedy(name: str, settings: ScheduleSettings, error: Exception) -> str:
    """Returns what to do about a calendar that can't be read."""
    if isinstance(error, UnreadableCalendar):
        return "Correct the calendar, or export it again."
    source = source_of(settings)
    if source is not None and not source.is_address:
        return NOT_FOUND_HINT
    return f"Check bridge.oncall.{name}.calendar in config.yaml."


def parse_moment(text: str, zone: tzinfo) -> datetime | None:
    """Returns a time as it is written, in `zone` if it names none; None if it is not one."""
    text = _SPACE_BEFORE_OFFSET.sub("", text.strip())
    try:
        moment = datetime.fromisoformat(_ONE_DIGIT_HOUR.sub(r"0\1", text))
    except ValueError:
        return None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else instant_of(moment, zone)


def as_json_value(name: str, found: OnCall, zone: tzinfo) -> dict[str, object]:
    """Returns who is on call, for programs."""
    return {
        "oncall": name,
        "at": found.at.astimezone(zone).isoformat(timespec="seconds"),
        "people": list(found.people),
        "until": (
            found.until.astimezone(zone).isoformat(timespec="seconds") if found.until else None
        ),
        "next": list(found.next),
        "fallback": found.is_fallback,
    }


async def _find(
    config: Config, name: str, settings: ScheduleSettings, at: datetime
) -> OnCallResult:
    overrides = await _read_overrides(config.outbox.database)
    return await find_on_call(name, settings, config.phonebook, at=at, overrides=overrides)


async def _read_overrides(url: str) -> tuple[Override, ...]:
    """Returns the overrides in the bot's database, if there is one."""
    try:
        database = await open_database(url, create=False)
    except DatabaseNotFound:
        return ()
    except DatabaseError as error:
        click.echo(f"Warning: overrides aren't known: {error}.", err=True)
        return ()
    try:
        return await OnCallStore(database).overrides(datetime.now(UTC))
    except DatabaseError as error:
        click.echo(f"Warning: overrides aren't known: {error}.", err=True)
        return ()
    finally:
        await database.close()


def _show(name: str, found: OnCall, settings: ScheduleSettings) -> None:
    until = _format(found.until, settings.zone) if found.until else ""
    people = ", ".join(found.people) or "nobody"
    echo(f"On call for {name}: {people}{' (fallback)' if found.is_fallback else ''}")
    facts = {
        "At": f"{_format(found.at, settings.zone)} ({settings.timezone})",
        "Until": until,
        "Next": (", ".join(found.next) or "nobody") if until else "",
    }
    echo_facts([(label, value) for label, value in facts.items() if value])


def _format(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%a %d %b %Y, %H:%M}"
