"""Texts about schedules: who is on call, until when, what is missing, and who takes over. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from kwtsms_bot.commands.base import Reply, Severity, UserMention
from kwtsms_bot.config.phonebook import Phonebook
from kwtsms_bot.i18n.dates import format_datetime
from kwtsms_bot.i18n.foreign_text import clean_text
from kwtsms_bot.i18n.translator import N_, Language

if TYPE_CHECKING:  # Without the section `bridge`, none of its modules is loaded.
    from kwtsms_bot.bridge.on_call.control import ScheduleView
    from kwtsms_bot.bridge.on_call.notices import OnCallNotice
    from kwtsms_bot.bridge.on_call.schedule import OnCall, Period

MAX_LISTED = 5  # Gaps, and unknown names.
MAX_NAME = 40
Facts = tuple[tuple[str, str], ...]
# Reasons of the calendar's reader and of its client; what is not here is shown as it is.
FAILURES = {
    "it is larger than 1 MiB": N_("It is larger than 1 MiB."),
    "it is not a calendar": N_("It isn't a calendar."),
    "it is incomplete": N_("It is incomplete."),
    "it has more than 2,000 events": N_("It has more than 2,000 events."),
    "an event repeats more often than hourly": N_("An event repeats more often than hourly."),
    "its events repeat too often": N_("Its events repeat too often."),
    "its events can't be read": N_("Its events can't be read."),
    "reading its events takes too long": N_("Reading its events takes too long."),
    "no answer within 10 s": N_("Its server doesn't answer."),
    "its server can't be reached": N_("Its server can't be reached."),
    "its server redirects to another host": N_(
        "Its server redirects to another host. Use that address."
    ),
    "its address is one of this network; see allow_private": N_(
        "Its address is in your own network. allow_private: true accepts it."
    ),
}


@dataclass(frozen=True, slots=True)
class Presentation:
    """Terms of showing a schedule: its people's Slack users, its time zone, and the language."""

    phonebook: Phonebook
    zone: tzinfo
    say: Language

    def time(self, at: datetime) -> str:
        """A time in the schedule's zone."""
        return format_datetime(at, self.say, zone=self.zone)

    def people(self, label: str, people: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yields people as facts, as mentions where their Slack users are known."""
        for name in people:
            contact = self.phonebook.contacts.get(name)
            yield label, UserMention(name, contact.slack) if contact and contact.slack else name

    def mention(self, label: str, user: str) -> Iterator[tuple[str, str]]:
        """Yields a Slack user as a fact, by the name in the phone book if there is one."""
        names = (name for name, one in self.phonebook.contacts.items() if one.slack == user)
        if user:
            yield label, UserMention(next(names, user), user)


def on_call_title(schedule: str, people: Iterable[str], say: Language) -> str:
    """The people on call, as a title."""
    names = say.join(people)
    if not names:
        return say("Nobody is on call for {schedule}.", schedule=schedule)
    return say("On call for {schedule}: {people}", schedule=schedule, people=names)


def view_reply(view: ScheduleView, shown: Presentation) -> Reply:
    """The reply about one schedule."""
    say, found = shown.say, view.on_call
    details = []
    if found.is_fallback:
        details.append(say("Nobody is scheduled, so the fallback is on call."))
    facts = (
        *shown.people(say("On call"), found.people),
        *_until_facts(found, shown),
        *flaw_facts(view.gaps, view.unknown_names, shown),
    )
    has_flaws = bool(view.gaps or view.unknown_names or not found.people)
    severity = Severity.WARNING if has_flaws else Severity.INFO
    return Reply(severity, on_call_title(view.name, found.people, say), tuple(details), facts)


def _until_facts(found: OnCall, shown: Presentation) -> Iterator[tuple[str, str]]:
    say = shown.say
    if found.until is None:
        return
    yield say("Until"), shown.time(found.until)
    if found.next:
        yield from shown.people(say("Next"), found.next)
    else:
        yield say("Next"), say("nobody")


def flaw_facts(gaps: Iterable[Period], unknown_names: Iterable[str], shown: Presentation) -> Facts:
    """The times without anybody, and the names that nobody in the phone book has."""
    say = shown.say
    found = [(say("Nobody on call"), format_span(one, shown)) for one in list(gaps)[:MAX_LISTED]]
    names = [say.auto(clean_text(one)[:MAX_NAME]) for one in unknown_names][:MAX_LISTED]
    if names:
        found.append((say("Not in the phone book"), say.join(names)))
    return tuple(found)


def format_span(period: Period, shown: Presentation) -> str:
    """A period, from its beginning to its end."""
    start, end = shown.time(period.starts_at), shown.time(period.ends_at)
    return shown.say("{start} to {end}", start=start, end=end)


def summary_line(view: ScheduleView, shown: Presentation) -> str:
    """A schedule in a line of a list."""
    say, found = shown.say, view.on_call
    people = say.join(found.people) or say("nobody")
    parts = [say("{people} (fallback)", people=people) if found.is_fallback else people]
    if found.until:
        parts.append(say("until {time}", time=shown.time(found.until)))
        parts.append(say("then {people}", people=say.join(found.next) or say("nobody")))
    if view.gaps:
        parts.append(say.plural("{count} gap ahead", "{count} gaps ahead", len(view.gaps)))
    return " · ".join(parts)


def notice_reply(notice: OnCallNotice, found: OnCall, shown: Presentation) -> Reply:
    """The message of a notice; `found` is who is on call at the time that it is about."""
    say, schedule = shown.say, notice.key.schedule
    if notice.key.kind.value == "flaws":
        title = say("The schedule {schedule} has gaps or unknown names.", schedule=schedule)
        details = (
            say(
                "Fill the gaps, or correct the names. Until then, only the fallback "
                "is texted, if there is one."
            ),
        )
        facts = flaw_facts(notice.gaps, notice.unknown_names, shown)
        return Reply(Severity.WARNING, title, details, facts)
    people = shown.people(say("On call"), notice.people)
    before = shown.people(say("Takes over from"), notice.before)
    if notice.key.kind.value == "ahead":
        title = say(
            "On call for {schedule} from {time}: {people}",
            schedule=schedule,
            time=shown.time(notice.key.at),
            people=say.join(notice.people),
        )
        return Reply(Severity.INFO, title, facts=(*people, *before))
    by = shown.mention(say("Changed by"), notice.changed_by)
    title = on_call_title(schedule, notice.people, say)
    return Reply(Severity.INFO, title, facts=(*people, *before, *_until_facts(found, shown), *by))


def failure_reply(
    schedule: str, failure: str, serves_until: datetime | None, shown: Presentation
) -> Reply:
    """The message that a calendar can't be read."""
    say = shown.say
    title = say("The calendar of {schedule} can't be read.", schedule=schedule)
    known = FAILURES.get(failure)
    reason = say(known) if known else say("Reason: {reason}", reason=say.ltr(failure))
    if serves_until is None:
        remedy = say("There is no copy of it, so only the fallback is texted, if there is one.")
    else:
        remedy = say("Its last copy is used until {time}.", time=shown.time(serves_until))
    return Reply(Severity.WARNING, title, (reason, remedy))


def recovery_reply(schedule: str, say: Language) -> Reply:
    """The message that a calendar can be read again."""
    title = say("The calendar of {schedule} can be read again.", schedule=schedule)
    return Reply(Severity.GOOD, title)
