"""Reports of alerts as the configuration completes them, and the result for each. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kwtsms_bot.bridge.episodes import AlertOutcome
from kwtsms_bot.bridge.escalation.contacts import ContactDirectory
from kwtsms_bot.bridge.escalation.policy import EscalationPolicy, make_policy
from kwtsms_bot.bridge.models import AlertSeverity, Incoming
from kwtsms_bot.bridge.records import AlertRecord, IncidentRecord
from kwtsms_bot.bridge.routing import match_route, severity_of
from kwtsms_bot.bridge.silences.mutes import Mutes
from kwtsms_bot.bridge.silences.night import Night, make_night
from kwtsms_bot.config.bridge import BridgeSettings


@dataclass(frozen=True, slots=True)
class Receiver:
    """The receiver of alerts, as far as intake needs it."""

    name: str
    policy: EscalationPolicy
    directory: ContactDirectory = field(repr=False, compare=False)
    sms_from: AlertSeverity
    sends_resolved: bool  # By SMS.
    night: Night | None = None

    @property
    def reaches_anybody(self) -> bool:
        """Whether any step names anybody; else it is for Slack only."""
        return self.policy.reaches_anybody

    def contacts(self, at: datetime) -> tuple[str, ...]:
        """Returns those who are texted first at a time."""
        return self.directory.contacts(self.policy.names(1), at)

    def texts(self, severity: AlertSeverity) -> bool:
        """Whether alerts of this severity are texted to anybody."""
        is_texted = severity >= self.sms_from and severity > AlertSeverity.NONE
        return self.reaches_anybody and is_texted


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
    by: str | None = None  # The silence, or the incident, for which it is not texted.


@dataclass(slots=True)
class Snapshot:
    """Stored state that a batch of reports concerns; the plan changes it."""

    alerts: dict[tuple[str, str], AlertRecord]  # By integration and key hash.
    groups: dict[tuple[str, str], IncidentRecord]  # By integration and group hash.
    recent: dict[str, list[datetime]]  # When new incidents of a receiver began that text.
    storms: dict[str, IncidentRecord]  # The latest of each receiver.
    last_tests: dict[str, datetime]  # Of each integration.
    # By incident ID: who was texted, and has not heard of the end since.
    texted: Mapping[int, Sequence[str]] = field(default_factory=dict)
    mutes: Mutes = field(default_factory=Mutes)


def make_receivers(bridge: BridgeSettings, directory: ContactDirectory) -> dict[str, Receiver]:
    """Returns the receivers of the configuration, by name."""
    return {
        name: Receiver(
            name,
            make_policy(settings),
            directory,
            AlertSeverity[settings.sms_from.upper()],
            settings.resolved == "sms",
            make_night(settings.night) if settings.night else None,
        )
        for name, settings in bridge.receivers.items()
    }


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
        resolves_after=None if incoming.has_end else settings.resolves_after,
    )


def hash_of(text: str) -> str:
    """Returns the hash under which a key is stored."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
