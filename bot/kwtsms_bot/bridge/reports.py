"""Reports of alerts as the configuration completes them, and the result for each. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kwtsms_bot.bridge.episodes import AlertOutcome
from kwtsms_bot.bridge.models import AlertSeverity, Incoming
from kwtsms_bot.bridge.records import AlertRecord, IncidentRecord
from kwtsms_bot.bridge.routing import match_route, severity_of
from kwtsms_bot.config.bridge import BridgeSettings, ReceiverSettings
from kwtsms_bot.config.phonebook import Phonebook


@dataclass(frozen=True, slots=True)
class Receiver:
    """The receiver of alerts, as far as intake needs it."""

    name: str
    contacts: tuple[str, ...]  # Those who are texted first.
    sms_from: AlertSeverity
    sends_resolved: bool  # By SMS.

    def texts(self, severity: AlertSeverity) -> bool:
        """Whether alerts of this severity are texted to anybody."""
        return bool(self.contacts) and severity >= self.sms_from and severity > AlertSeverity.NONE


@dataclass(frozen=True, slots=True)
class Report:
    """An alert as reported, with what the configuration adds to it."""

    integration: str
    incoming: Incoming = field(repr=False)
    key_hash: str
    group_hash: str | None
    severity: AlertSeverity
    receiver: Receiver
    resolves_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class AlertResult:
    """Result for one reported alert."""

    ref: str | None
    key: str
    outcome: AlertOutcome
    sms: str  # due, held, none
    why: str | None = None


@dataclass(slots=True)
class Snapshot:
    """Stored state that a batch of reports concerns; the plan changes it."""

    alerts: dict[tuple[str, str], AlertRecord]  # By integration and key hash.
    groups: dict[tuple[str, str], IncidentRecord]  # By integration and group hash.
    recent: dict[str, list[datetime]]  # When new incidents of a receiver began that text.
    storms: dict[str, IncidentRecord]  # The latest of each receiver.
    last_tests: dict[str, datetime]  # Of each integration.


def make_receivers(bridge: BridgeSettings, phonebook: Phonebook) -> dict[str, Receiver]:
    """Returns the receivers of the configuration, by name."""
    return {
        name: Receiver(
            name,
            _contacts(settings, phonebook),
            AlertSeverity[settings.sms_from.upper()],
            settings.resolved == "sms",
        )
        for name, settings in bridge.receivers.items()
    }


def _contacts(settings: ReceiverSettings, phonebook: Phonebook) -> tuple[str, ...]:
    names = (one for name in settings.to for one in phonebook.names(name))
    return tuple(dict.fromkeys(names))


def make_report(
    incoming: Incoming,
    integration: str,
    bridge: BridgeSettings,
    receivers: Mapping[str, Receiver],
) -> Report:
    """Returns the report of an alert, routed and with its severity."""
    settings = bridge.integrations[integration]
    group = incoming.group
    return Report(
        integration=integration,
        incoming=incoming,
        key_hash=hash_of(incoming.key),
        group_hash=None if group is None else hash_of(group),
        severity=severity_of(incoming, settings),
        receiver=receivers[match_route(incoming, integration, bridge).receiver],
        resolves_after=settings.resolves_after,
    )


def hash_of(text: str) -> str:
    """Returns the hash under which a key is stored."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
