"""Texts about drills: their outcome with its times, and what is ahead. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kwtsms_bot.commands.base import Reply, Severity
from kwtsms_bot.commands.bridge.incident_text import WAITING
from kwtsms_bot.commands.bridge.on_call_text import Facts, Presentation
from kwtsms_bot.i18n.dates import format_datetime, format_short_datetime
from kwtsms_bot.i18n.translator import N_, Language

if TYPE_CHECKING:  # Without the section `bridge`, none of its modules is loaded.
    from kwtsms_bot.bridge.drills.control import DrillView, Postponement
    from kwtsms_bot.bridge.drills.drill import Drill

PASSED = "passed"
SECONDS_SHOWN = 120
BEFORE_SMS = N_("Drill failed: it was acknowledged before its SMS left.")


def outcome_reply(drill: Drill, next_step: tuple[str, ...], shown: Presentation) -> Reply:
    """The report of a drill that has ended."""
    if drill.outcome == PASSED and drill.acknowledged_at:
        time = format_elapsed(drill.acknowledged_at - drill.started_at, shown.say)
        title = shown.say("Drill passed: acknowledged after {time}.", time=time)
        return Reply(Severity.GOOD, title, facts=_facts(drill, shown))
    details = (*_failure_details(drill, shown.say), _next_step_detail(next_step, shown.say))
    return Reply(Severity.ERROR, _failure_title(drill, shown.say), details, _facts(drill, shown))


def _failure_title(drill: Drill, say: Language) -> str:
    if drill.acknowledged_at is not None:
        return say(BEFORE_SMS)
    if not drill.people:
        return say("Drill failed: its receiver reaches nobody.")
    if drill.accepted_at is None:
        return say("Drill failed: kwtSMS did not accept its SMS.")
    time = format_elapsed(drill.ends_at - drill.started_at, say)
    return say("Drill failed: nobody acknowledged within {time}.", time=time)


def _failure_details(drill: Drill, say: Language) -> Iterator[str]:
    if drill.acknowledged_at is not None:
        yield say("So the way to the phone was not tested. Acknowledge when the SMS arrives.")
    elif drill.accepted_at is not None:
        yield say("Check the phone and its coverage, and who is on call.")
    elif reason := WAITING.get(drill.deferral):
        yield say(reason, people=say.join(drill.people))


def _next_step_detail(next_step: tuple[str, ...], say: Language) -> str:
    if next_step:
        people = say.join(next_step)
        return say("An alert would be texted to {people} next. This drill wasn't.", people=people)
    return say("An alert would have no further step.")


def _facts(drill: Drill, shown: Presentation) -> Facts:
    """The people that it was to reach, and the time that each part took."""
    say = shown.say
    facts = [(say("Receiver"), drill.receiver), *shown.people(say("Texted"), drill.people)]
    if drill.accepted_at is not None:
        time = format_elapsed(drill.accepted_at - drill.started_at, say)
        facts.append((say("Accepted by kwtSMS"), say("after {time}", time=time)))
    if drill.acknowledged_at is not None:
        time = format_elapsed(drill.acknowledged_at - drill.started_at, say)
        facts.append((say("Acknowledged"), say("after {time}", time=time)))
        facts += shown.mention(say("Acknowledged by"), drill.acknowledged_by)
    return (*facts, (say("Incident"), drill.ref))


def postponed_reply(postponement: Postponement, shown: Presentation) -> Reply:
    """The notice that a drill waits."""
    say = shown.say
    title = say("The drill waits: a critical incident is firing.")
    until = format_datetime(postponement.until, say, zone=shown.zone)
    detail = say("It starts when none fires any more. From {time} on, it is skipped.", time=until)
    return Reply(Severity.WARNING, title, (detail,))


def view_reply(view: DrillView, shown: Presentation, command_on: str) -> Reply:
    """The reply about the drills."""
    say, details = shown.say, []
    facts = [(_time(one.started_at, say), _summary(one, say)) for one in view.latest]
    if not view.receiver:
        details.append(say("No weekly drill is configured. It is bridge.drill in config.yaml."))
    elif view.next_at is None:
        details.append(say("Weekly drills are off. {command} turns them on.", command=command_on))
        facts = [*shown.mention(say("Turned off by"), view.switched_off_by), *facts]
    else:
        at = format_datetime(view.next_at, say, zone=shown.zone)
        facts = [(say("Next drill"), at), (say("Receiver"), view.receiver), *facts]
    if not view.latest:
        details.append(say("No drill has run yet."))
    return Reply(Severity.INFO, say("Drills"), tuple(details), tuple(facts))


def _time(at: datetime, say: Language) -> str:
    return format_short_datetime(at, say)


def _summary(drill: Drill, say: Language) -> str:
    """A drill in a line of a list."""
    if drill.outcome is None:
        return say("running, {ref}", ref=drill.ref)
    if drill.outcome == PASSED and drill.acknowledged_at:
        time = format_elapsed(drill.acknowledged_at - drill.started_at, say)
        return say("passed after {time}, {ref}", time=time, ref=drill.ref)
    return say("failed, {ref}", ref=drill.ref)


def format_elapsed(time: timedelta, say: Language) -> str:
    """A time that something took: seconds, or minutes from two on."""
    seconds = max(0, round(time.total_seconds()))
    if seconds < SECONDS_SHOWN:
        return say.plural("{count} second", "{count} seconds", seconds)
    return say.plural("{count} min", "{count} min", round(seconds / 60))
