"""Incidents as cards, lists and commands read them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kwtsms_bot.bridge.models import AlertSeverity, NotificationKind
from kwtsms_bot.bridge.states import IncidentKind, IncidentState, NotificationState
from kwtsms_bot.outbox.message import CardLocation


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert of an incident."""

    title: str
    firing: bool
    severity: AlertSeverity
    since: datetime
    place: str = ""
    text: str = ""
    amounts: str = ""
    url: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotifiedView:
    """Notification of one person: its state, and since when."""

    contact: str
    kind: NotificationKind
    state: NotificationState
    reason: str | None
    due_at: datetime
    at: datetime  # When it came to this state.


@dataclass(frozen=True, slots=True)
class EventView:
    """A line of an incident's history."""

    at: datetime
    kind: str
    actor: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An incident as a list shows it."""

    ref: str
    kind: IncidentKind
    state: IncidentState
    severity: AlertSeverity
    title: str
    receiver: str
    since: datetime
    alerts: int
    firing: int
    acked_by: str | None
    is_escalated: bool = False  # A later step has been texted.
    silenced_until: datetime | None = None
    inhibited_by: str | None = None  # The incident for which it is not texted.


@dataclass(frozen=True, slots=True)
class MuteView:
    """The silence, or the other incident, for which nothing of an incident is texted."""

    by: str  # Its reference.
    until: datetime
    reason: str = ""
    created_by: str = ""  # Empty: another incident mutes it.
    is_shared: bool = False  # The silence may mute other incidents, too.


@dataclass(frozen=True, slots=True)
class NextStep:
    """The step that follows while nobody acknowledges: the names in the receiver, and when."""

    names: tuple[str, ...]  # Empty: the channel is notified that nobody has answered.
    at: datetime


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident with all that a card shows of it."""

    id: int
    ref: str
    kind: IncidentKind
    integration: str
    receiver: str
    state: IncidentState
    severity: AlertSeverity
    title: str
    since: datetime
    alert_count: int
    firing: int
    kind_count: int
    kinds: tuple[tuple[str, int], ...]  # The most frequent ones.
    alerts: tuple[AlertView, ...]  # The first ones: what fires, the worst before the others.
    notified: tuple[NotifiedView, ...]
    events: tuple[EventView, ...]  # The newest ones, in order.
    acked_by: str | None
    acked_at: datetime | None
    resolved_by: str | None
    resolved_at: datetime | None
    revision: int
    card_location: CardLocation | None
    is_escalated: bool = False  # A later step has been texted.
    next_step: NextStep | None = None
    mute: MuteView | None = None
