"""Decides which receiver gets an alert, who that is, and whether it is texted. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from kwtsms_bot.bridge.models import AlertSeverity, AlertStatus, Incoming
from kwtsms_bot.config.bridge import INTEGRATION_KEY, SEVERITY_KEY, BridgeSettings
from kwtsms_bot.config.bridge_fields import Conditions
from kwtsms_bot.config.bridge_integrations import IntegrationSettings
from kwtsms_bot.config.bridge_receivers import ReceiverSettings
from kwtsms_bot.config.phonebook import Phonebook


class NoSmsReason(StrEnum):
    """Reason why an alert is not texted, as the answer to its tool spells it."""

    BELOW_SMS_FROM = "below_sms_from"
    REPEAT = "repeat"
    ACKNOWLEDGED = "acknowledged"
    NOTE = "note"
    RESOLVED = "resolved"
    NOBODY = "nobody"
    INHIBITED = "inhibited"  # Another alert mutes it while it fires.


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """The receiver of an alert, and the route that led to it."""

    receiver: str
    route: int | None  # Its position from 1 on; None if the body or the only receiver decides.
    named: bool = False  # Whether the body names the receiver.


@dataclass(frozen=True, slots=True)
class AlertRecipient:
    """One phone that gets a text."""

    names: tuple[str, ...]  # Contacts with the same number are one person.
    number: str
    language: str


def severity_of(alert: Incoming, integration: IntegrationSettings) -> AlertSeverity:
    """The alert's own severity, or the integration's if it names none that is known."""
    if alert.severity is not None:
        return alert.severity
    return AlertSeverity[integration.severity.upper()]


def match_route(alert: Incoming, integration: str, bridge: BridgeSettings) -> RouteMatch:
    """The first route that matches an alert; the configuration ensures that there is one."""
    settings = bridge.integrations[integration]
    if alert.receiver and alert.receiver in settings.may:
        return RouteMatch(alert.receiver, None, named=True)
    facts = match_facts(alert, integration, severity_of(alert, settings))
    for number, route in enumerate(bridge.routes, start=1):
        excluded = bool(route.unless) and all_match(facts, route.unless)
        if all_match(facts, route.when) and not excluded:
            return RouteMatch(route.to, number)
    (only,) = bridge.receivers
    return RouteMatch(only, None)


def match_facts(alert: Incoming, integration: str, severity: AlertSeverity) -> Mapping[str, str]:
    """Everything that a route can ask for, by name; a label can't replace the alert's own facts."""
    return {
        **alert.labels,
        INTEGRATION_KEY: integration,
        SEVERITY_KEY: severity.word,
        "status": alert.status.value,
        "title": alert.title,
        "where": alert.where,
    }


def people(names: Iterable[str], phonebook: Phonebook, language: str) -> tuple[AlertRecipient, ...]:
    """The phones behind the names of contacts and groups, each once."""
    found: dict[str, AlertRecipient] = {}
    for name in (one for each in names for one in phonebook.names(each)):
        contact = phonebook.contacts[name]
        known = found.get(contact.number)
        if known is None:
            found[contact.number] = AlertRecipient(
                (name,), contact.number, contact.language or language
            )
        elif name not in known.names:
            found[contact.number] = AlertRecipient(
                (*known.names, name), known.number, known.language
            )
    return tuple(found.values())


def no_sms_reason(
    alerts: Iterable[Incoming], severity: AlertSeverity, receiver: ReceiverSettings
) -> NoSmsReason | None:
    """The reason why an incident with these alerts is not texted; None if it is."""
    reasons = [_alert_reason(alert, receiver) for alert in alerts]
    if None not in reasons:
        return reasons[0]
    if severity < max(AlertSeverity[receiver.sms_from.upper()], AlertSeverity.INFO):
        return NoSmsReason.BELOW_SMS_FROM
    return None if receiver.to else NoSmsReason.NOBODY


def _alert_reason(alert: Incoming, receiver: ReceiverSettings) -> NoSmsReason | None:
    """The reason that one alert's own status gives."""
    if alert.status is AlertStatus.RESOLVED:
        return None if receiver.resolved == "sms" else NoSmsReason.RESOLVED
    if alert.status is AlertStatus.ACKNOWLEDGED:
        return NoSmsReason.ACKNOWLEDGED
    if alert.status is AlertStatus.NOTE:
        return NoSmsReason.NOTE
    return NoSmsReason.REPEAT if alert.repeat else None


def all_match(facts: Mapping[str, str], conditions: Conditions) -> bool:
    """Whether each condition has a value that matches the fact of its name."""
    return all(_matches(facts, key, values) for key, values in conditions.items())


def _matches(facts: Mapping[str, str], key: str, patterns: Iterable[str]) -> bool:
    value = facts.get(key)
    return value is not None and any(_glob(pattern).fullmatch(value) for pattern in patterns)


def _glob(pattern: str) -> re.Pattern[str]:
    """A pattern with one `*` at most, so that it takes no time worth counting."""
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
