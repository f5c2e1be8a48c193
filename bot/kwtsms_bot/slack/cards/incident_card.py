"""Renders an incident's card, which shows its present state. Pure.

Everything in it that tools wrote is shown as it is: it formats nothing, links nowhere and mentions
nobody.
"""

import re
from datetime import datetime
from functools import partial

from kwtsms_bot.bridge.incidents.views import AlertView, IncidentView
from kwtsms_bot.bridge.states import IncidentKind, IncidentState, NotificationState
from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.base import Button
from kwtsms_bot.commands.bridge.incident_text import (
    CLOSED,
    format_alert_count,
    format_mute,
    format_severity,
    format_state,
    sms_lines,
)
from kwtsms_bot.i18n.foreign_text import literal_text
from kwtsms_bot.i18n.translator import ENGLISH, Language
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.blocks import Block, Payload

ICONS = {
    IncidentState.FIRING: ":red_circle:",
    IncidentState.ACKNOWLEDGED: ":large_yellow_circle:",
    IncidentState.RESOLVED: ":large_green_circle:",
}
TEST_ICON, SILENCED_ICON = ":white_circle:", ":no_bell:"
MAX_TITLE, MAX_PLACE, MAX_TEXT, MAX_KIND = 300, 80, 300, 40
MINUTES_SHOWN = 120  # Longer is shown in hours.
MAX_LISTED = 5  # Alerts of a card; more are counted by kind.
_SCHEME = re.compile(r"\b[a-z][\w+.-]*://", re.IGNORECASE)


def render(incident: IncidentView, say: Language = ENGLISH) -> Payload:
    """Returns the card of an incident; its `text` is what a notification shows."""
    made = [
        blocks.section("\n".join((_header(incident, say), _facts(incident, say)))),
        *_alert_blocks(incident, say),
        blocks.context("\n".join((*_state_lines(incident, say), *_sms_lines(incident, say)))),
        blocks.actions(*(blocks.reply_button(one, say) for one in card_buttons(incident, say))),
    ]
    return {"text": _notification(incident, say), "blocks": made}


def card_buttons(incident: IncidentView, say: Language) -> list[Button]:
    """Returns the buttons for what can be done to the incident now."""
    ref, buttons = incident.ref, []
    if incident.state is IncidentState.FIRING and incident.mute is None:
        buttons.append(Button(action_ids.INCIDENT_ACKNOWLEDGE, say("Acknowledge"), ref, "primary"))
        if any(one.state is NotificationState.UNKNOWN for one in incident.notified):
            buttons.append(Button(action_ids.INCIDENT_NOTIFY_AGAIN, say("Notify again"), ref))
    if incident.state is IncidentState.ACKNOWLEDGED:
        label = say("Withdraw acknowledgement")
        buttons.append(Button(action_ids.INCIDENT_UNACKNOWLEDGE, label, ref))
    if incident.state is not IncidentState.RESOLVED:
        buttons += _silence_buttons(incident, say)
        buttons.append(Button(action_ids.INCIDENT_RESOLVE, say("Resolve"), ref))
    return [*buttons, Button(action_ids.INCIDENT_DETAILS, say("Show details"), ref)]


def _silence_buttons(incident: IncidentView, say: Language) -> list[Button]:
    """Returns the button that silences, or that ends the silence in force."""
    if incident.kind is IncidentKind.TEST:
        return []
    mute = incident.mute
    if mute is None or not mute.created_by:
        return [Button(action_ids.INCIDENT_SILENCE, say("Silence"), incident.ref)]
    warning = say("This ends it for all that it silences.") if mute.is_shared else ""
    return [
        Button(action_ids.INCIDENT_UNSILENCE, say("End silence"), mute.by, confirm_text=warning)
    ]


def _header(incident: IncidentView, say: Language) -> str:
    icon = SILENCED_ICON if incident.mute is not None else ICONS[incident.state]
    if incident.kind is IncidentKind.TEST:
        icon = TEST_ICON
    title = blocks.escape(_title(incident, say))
    return f"{icon} *{title}* · {say.ltr(incident.ref)}"


def _title(incident: IncidentView, say: Language) -> str:
    """The severity and what is wrong; a test says that it is one."""
    is_test = incident.kind is IncidentKind.TEST
    word = say("Test") if is_test else format_severity(incident.severity.word, say)
    return f"{word}: {say.auto(_cut(incident.title, MAX_TITLE))}"


def _facts(incident: IncidentView, say: Language) -> str:
    """The line below the title: place, time, number of alerts, integration and receiver."""
    place = incident.alerts[0].place if incident.alerts else ""
    parts = [blocks.escape(say.auto(_cut(place, MAX_PLACE)))] if place else []
    parts.append(say("since {time}", time=blocks.format_datetime(incident.since, say)))
    if incident.alert_count > 1:
        parts.append(format_alert_count(incident.alert_count, incident.firing, say))
    parts.append(say.ltr(f"{incident.integration} → {incident.receiver}"))
    return " · ".join(parts)


def _alert_blocks(incident: IncidentView, say: Language) -> list[Block]:
    """Returns the description of a single alert; of several, their titles or kinds."""
    if incident.alert_count > MAX_LISTED:
        return [blocks.section("\n".join(_kind_lines(incident, say)))]
    if incident.alert_count > 1:
        lines = [_alert_line(one, say) for one in incident.alerts]
        return [blocks.section("\n".join(lines))] if lines else []
    text = _cut(incident.alerts[0].text, MAX_TEXT) if incident.alerts else ""
    return [blocks.section(f"> {blocks.escape(say.auto(text))}")] if text else []


def _alert_line(one: AlertView, say: Language) -> str:
    title = blocks.escape(say.auto(_cut(one.title, MAX_TITLE)))
    return f"– {title}" if one.firing else f"– ~{title}~"


def _kind_lines(incident: IncidentView, say: Language) -> list[str]:
    lines = [
        f"– {blocks.escape(say.auto(_cut(name, MAX_KIND)))} × {count:,}"
        for name, count in incident.kinds
    ]
    more = incident.kind_count - len(incident.kinds)
    if more > 0:
        lines.append(say.plural("{count} more kind", "{count} more kinds", more))
    return lines


def _state_lines(incident: IncidentView, say: Language) -> list[str]:
    """Returns the lines about its silence, who acknowledged it, and how it ended."""
    lines = []
    if (mute := incident.mute) is not None:
        lines.append(
            format_mute(
                mute,
                say,
                author=_actor(mute.created_by, say),
                time=blocks.format_datetime(mute.until, say),
                reason=_escaped(mute.reason),
            )
        )
    if incident.acked_by and incident.acked_at:
        lines.append(
            say(
                "Acknowledged by {name} {time}",
                name=_actor(incident.acked_by, say),
                time=blocks.format_datetime(incident.acked_at, say),
            )
        )
    if incident.resolved_by in CLOSED and incident.resolved_at:
        closed_at = blocks.format_datetime(incident.resolved_at, say)
        reason = say(CLOSED[incident.resolved_by])
        lines.append(say("Closed {time}: {reason}", time=closed_at, reason=reason))
    elif incident.resolved_by and incident.resolved_at:
        lines.append(
            say(
                "Resolved by {name} {time}",
                name=_actor(incident.resolved_by, say),
                time=blocks.format_datetime(incident.resolved_at, say),
            )
            + _duration(incident.since, incident.resolved_at, say)
        )
    return lines


def _actor(actor: str, say: Language) -> str:
    return say.auto(blocks.mention(actor))


def _duration(begin: datetime, end: datetime, say: Language) -> str:
    """The time that it lasted, for the end of a line; nothing if it was less than a minute."""
    minutes = round((end - begin).total_seconds() / 60)
    if minutes < 1:
        return ""
    if minutes < MINUTES_SHOWN:
        return " · " + say.plural("{count} minute", "{count} minutes", minutes)
    return " · " + say.plural("{count} hour", "{count} hours", round(minutes / 60))


def _sms_lines(incident: IncidentView, say: Language) -> tuple[str, ...]:
    format_time = partial(blocks.format_datetime, say=say)
    return sms_lines(incident, say, format_time=format_time, show=_escaped)


def _notification(incident: IncidentView, say: Language) -> str:
    """One line without mark-up; Slack makes links of addresses in it, so it has none."""
    title = _SCHEME.sub("", _title(incident, say))
    return blocks.escape(" · ".join((title, format_state(incident, say), incident.ref)))


def _escaped(text: str) -> str:
    return blocks.escape(literal_text(text))


def _cut(text: str, limit: int) -> str:
    return blocks.truncate(literal_text(text), limit)
