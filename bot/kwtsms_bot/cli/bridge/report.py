"""An explanation for people, and as JSON for programs."""

from collections.abc import Iterable
from typing import Any

from kwtsms_bot.bridge.escalation.policy import EscalationPolicy
from kwtsms_bot.bridge.explanation import ExplainedIncident, Explanation, Target
from kwtsms_bot.bridge.models import AlertSeverity, AlertStatus
from kwtsms_bot.bridge.notification_rules import NIGHT
from kwtsms_bot.bridge.routing import AlertRecipient, NoSmsReason
from kwtsms_bot.cli.output import echo, echo_facts
from kwtsms_bot.config.fields import format_duration
from kwtsms_bot.i18n.dates import format_datetime
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_client import mask

REASONS = {
    NoSmsReason.BELOW_SMS_FROM: "its severity is below sms_from",
    NoSmsReason.REPEAT: "the tool reported it before",
    NoSmsReason.ACKNOWLEDGED: "somebody acknowledged it in the tool",
    NoSmsReason.NOTE: "it is only a note",
    NoSmsReason.RESOLVED: "it is resolved, and the receiver's resolved is slack",
    NoSmsReason.NOBODY: "the receiver has no people",
    NoSmsReason.INHIBITED: "another alert in it mutes it (bridge.inhibit)",
}


def as_json_value(explanation: Explanation, kind: str, target: Target | None) -> dict[str, Any]:
    """The explanation as one JSON object."""
    batch = explanation.batch
    return {
        "kind": kind,
        "integration": target.integration if target else None,
        "alerts": len(batch.alerts),
        "more": batch.more,
        "skipped": batch.skipped,
        "ignored": batch.ignored,
        "attachments": batch.attachments,
        "incidents": [_incident_value(one) for one in explanation.incidents],
        "texts": [
            {
                "text": one.text,
                "language": one.language,
                "pages": one.pages,
                "people": [_person_value(person) for person in one.people],
                "credits": one.credits,
            }
            for one in explanation.texts
        ],
        "credits": explanation.credits,
    }


def show(explanation: Explanation, kind: str, target: Target | None) -> None:
    """Prints the explanation for people."""
    batch = explanation.batch
    firing = sum(one.status is AlertStatus.FIRING for one in batch.alerts)
    echo_facts(
        (
            ("Integration", f"{target.integration} ({kind})" if target else kind),
            ("Alerts", f"{len(batch.alerts)} ({firing} firing)"),
            ("Left out by the tool", batch.more or None),
            ("Skipped", batch.skipped or None),
            ("Ignored", batch.ignored or None),
            ("Attachments discarded", batch.attachments or None),
        )
    )
    for incident in explanation.incidents:
        echo("")
        _show_incident(incident, target)
    for one in explanation.texts:
        echo("")
        facts = (
            ("Text", one.text),
            ("To", _names(one.people) or "each recipient"),
            ("Cost", f"{_counted(one.credits, 'credit')} ({_counted(one.pages, 'page')})"),
        )
        echo_facts(facts)


def _show_incident(incident: ExplainedIncident, target: Target | None) -> None:
    count = f"{_counted(incident.alerts, 'alert')}, {incident.firing} firing"
    steps = [
        f"after {format_duration(step.after)}: {_names(step.people)}"
        for step in incident.escalation
    ]
    if (policy := incident.policy) and policy.repeat_times:
        times = _counted(policy.repeat_times, "more time")
        steps.append(f"{times}, every {format_duration(policy.repeat_every)}")
    echo_facts(
        (
            ("Incident", f"{incident.title} ({incident.severity.word}; {count})"),
            ("Route", _route(incident) if target else None),
            ("People", (_names(incident.people) or "nobody") if target else None),
            ("Escalation", "; ".join(steps) or None),
            ("SMS", _sms(incident)),
            ("Night", _night(incident)),
        )
    )


def _sms(incident: ExplainedIncident) -> str:
    if incident.reason:
        return f"no: {REASONS[incident.reason]}"
    if incident.waits_until:
        return f"at night, so it waits until {format_datetime(incident.waits_until, ENGLISH)}"
    return "yes"


def _night(incident: ExplainedIncident) -> str | None:
    night = incident.night
    if night is None or incident.reason:
        return None
    begin, end = night.hours
    hours = f"{begin:%H:%M}-{end:%H:%M}"
    if night.after and incident.severity >= AlertSeverity.ERROR:
        return f"{hours}: waits until morning, or for {format_duration(night.after)}"
    return f"{hours}: waits until morning"


def _route(incident: ExplainedIncident) -> str | None:
    match = incident.match
    if match is None:
        return None
    if match.route is not None:
        return f"{match.receiver} (by route {match.route})"
    return f"{match.receiver} ({'named in the body' if match.named else 'the only receiver'})"


def _names(people: Iterable[AlertRecipient]) -> str:
    return ", ".join(f"{' = '.join(one.names)} {mask(one.number)}" for one in people)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _incident_value(incident: ExplainedIncident) -> dict[str, Any]:
    match = incident.match
    return {
        "title": incident.title,
        "status": incident.status.value,
        "severity": incident.severity.word,
        "group": incident.group,
        "alerts": incident.alerts,
        "firing": incident.firing,
        "receiver": match.receiver if match else None,
        "route": match.route if match else None,
        "people": [_person_value(one) for one in incident.people],
        "escalation": [
            {
                "after": format_duration(step.after),
                "people": [_person_value(one) for one in step.people],
            }
            for step in incident.escalation
        ],
        "repeat": _repeat_value(incident.policy),
        **_sms_value(incident),
    }


def _sms_value(incident: ExplainedIncident) -> dict[str, Any]:
    if incident.reason:
        return {"sms": "none", "why": incident.reason.value, "until": None}
    if incident.waits_until:
        return {"sms": "held", "why": NIGHT, "until": incident.waits_until.isoformat()}
    return {"sms": "due", "why": None, "until": None}


def _repeat_value(policy: EscalationPolicy | None) -> dict[str, Any] | None:
    if policy is None or not policy.repeat_times:
        return None
    return {"every": format_duration(policy.repeat_every), "times": policy.repeat_times}


def _person_value(person: AlertRecipient) -> dict[str, Any]:
    return {"names": list(person.names), "number": mask(person.number)}
