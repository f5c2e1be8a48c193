"""The buttons of incidents: acknowledge, give back, resolve, details."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING

from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.base import ButtonPress, CommandContext, Reply, Severity
from kwtsms_bot.commands.bridge.incident_access import may_act
from kwtsms_bot.commands.bridge.incident_actions import IncidentAction, act, not_set_up_reply
from kwtsms_bot.commands.bridge.incident_text import (
    CLOSED,
    cut_text,
    format_alert_count,
    format_event,
    format_mute,
    format_severity,
    format_state,
    sms_lines,
)
from kwtsms_bot.commands.error_replies import refuse
from kwtsms_bot.commands.mentions import mention_actor
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.i18n.dates import format_short_datetime
from kwtsms_bot.i18n.foreign_text import clean_text
from kwtsms_bot.i18n.translator import Language

if TYPE_CHECKING:  # Without the section `bridge`, none of its modules is loaded.
    from kwtsms_bot.bridge.incidents.views import AlertView, IncidentView, MuteView

# Slack refuses messages of much more than 13,000 characters.
MAX_LABELS, MAX_NAME, MAX_VALUE, MAX_TEXT = 15, 40, 100, 500
Facts = list[tuple[str, str]]
Handler = Callable[[CommandContext, ButtonPress], Awaitable[Reply]]


def _handler(action: IncidentAction) -> Handler:
    async def run(context: CommandContext, press: ButtonPress) -> Reply:
        if not await may_act(context, press.person, [press.value]):
            return await refuse(context, press, Permission.SEND, "incident")
        return await act(context, press, action, [press.value])

    return run


async def acknowledge_all(context: CommandContext, press: ButtonPress) -> Reply:
    """Takes the incidents that were open when the person was asked, and no newer ones."""
    if not allows(context.config.access, press.person, Permission.SEND):
        return await refuse(context, press, Permission.SEND, "incident")
    reply = await act(context, press, IncidentAction.ACKNOWLEDGE, press.value.split(","))
    return Reply(reply.severity, reply.title, reply.details, reply.facts, replaces=True)


async def show_details(context: CommandContext, press: ButtonPress) -> Reply:
    """Shows all that is known about an incident, to this person alone."""
    say = press.say
    if not (
        allows(context.config.access, press.person, Permission.READ)
        or await may_act(context, press.person, [press.value])
    ):
        return await refuse(context, press, Permission.READ, "incident")
    if context.incidents is None:
        return not_set_up_reply(say)
    incident = await context.incidents.find(press.value)
    if incident is None:
        return Reply(Severity.INFO, say("That incident no longer exists."))
    facts = [
        *await _incident_facts(context, incident, say),
        *_alert_facts(incident, say),
        *await _event_facts(context, incident, say),
    ]
    title = say("Incident {ref}", ref=incident.ref)
    return Reply(Severity.INFO, title, facts=tuple(facts))


async def _incident_facts(context: CommandContext, incident: IncidentView, say: Language) -> Facts:
    def format_time(at: datetime) -> str:
        return format_short_datetime(at, say)

    facts = [
        (say("Alert"), _shown(incident.title)),
        (say("Severity"), format_severity(incident.severity.word, say)),
        (say("Status"), format_state(incident, say)),
        (say("Since"), format_time(incident.since)),
        (say("Integration"), incident.integration),
        (say("Receiver"), incident.receiver),
    ]
    if incident.alert_count > 1:
        count = format_alert_count(incident.alert_count, incident.firing, say)
        facts.append((say("Alerts"), count))
    if incident.mute is not None:
        facts.append((say("SMS"), await _format_mute(context, incident.mute, say)))
    if incident.acked_by:
        facts.append((say("Acknowledged by"), await mention_actor(context, incident.acked_by)))
    if incident.resolved_by in CLOSED:
        facts.append((say("Closed"), say(CLOSED[incident.resolved_by])))
    elif incident.resolved_by:
        facts.append((say("Resolved by"), await mention_actor(context, incident.resolved_by)))
    sms = sms_lines(incident, say, format_time=format_time, show=_shown)
    return [*facts, *((say("SMS"), line) for line in sms)]


async def _format_mute(context: CommandContext, mute: MuteView, say: Language) -> str:
    author = say.auto(await mention_actor(context, mute.created_by)) if mute.created_by else ""
    time = format_short_datetime(mute.until, say)
    return format_mute(mute, say, author=author, time=time, reason=_shown(mute.reason))


def _alert_facts(incident: IncidentView, say: Language) -> Facts:
    """The first alert with all that its tool said, and the titles of the others."""
    if not incident.alerts:
        return []
    first, *others = incident.alerts
    pairs = (
        (say("Place"), _shown(first.place)),
        (say("Text"), _shown(first.text, MAX_TEXT)),
        (say("Values"), _shown(first.amounts)),
        (say("Link"), _shown(_without_scheme(first.url), MAX_TEXT)),
        *(
            (_shown(name, MAX_NAME), _shown(first.labels[name]))
            for name in list(first.labels)[:MAX_LABELS]
        ),
    )
    facts = [(name, value) for name, value in pairs if value]
    facts += [(say("Alert"), _format_alert(one, say)) for one in others]
    if (more := incident.alert_count - len(incident.alerts)) > 0:
        more_text = say.plural("{count} more isn't shown.", "{count} more aren't shown.", more)
        facts.append((say("Alerts"), more_text))
    return facts


def _format_alert(one: AlertView, say: Language) -> str:
    status = say("firing") if one.firing else say("over")
    return f"{say.auto(_shown(one.title))} · {status}"


async def _event_facts(context: CommandContext, incident: IncidentView, say: Language) -> Facts:
    facts = []
    for one in incident.events:
        closing = CLOSED.get(one.actor or "", "")
        name = await mention_actor(context, one.actor) if one.actor and not closing else ""
        parts = [say.auto(text) for text in (name, _shown(one.detail)) if text]
        parts += [say(closing)] if closing else []
        what = " · ".join((format_event(one.kind, say), *parts))
        facts.append((format_short_datetime(one.at, say), what))
    return facts


def _shown(text: str, limit: int = MAX_VALUE) -> str:
    """A text of others on one line, cut where it is too long to read."""
    return cut_text(clean_text(text), limit)


def _without_scheme(url: str) -> str:
    """An address with its host first, which no program takes for a link."""
    return url.partition("://")[2] or url


HANDLERS: dict[str, Handler] = {
    action_ids.INCIDENT_ACKNOWLEDGE: _handler(IncidentAction.ACKNOWLEDGE),
    action_ids.INCIDENT_UNACKNOWLEDGE: _handler(IncidentAction.UNACKNOWLEDGE),
    action_ids.INCIDENT_RESOLVE: _handler(IncidentAction.RESOLVE),
    action_ids.INCIDENT_NOTIFY_AGAIN: _handler(IncidentAction.NOTIFY_AGAIN),
    action_ids.INCIDENT_ACKNOWLEDGE_ALL: acknowledge_all,
    action_ids.INCIDENT_DETAILS: show_details,
}
