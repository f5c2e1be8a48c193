"""Alerts as other tools report them, and incidents, as values. Performs no I/O."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum


class AlertSeverity(IntEnum):
    """AlertSeverity of an alert, in ascending order; NONE never becomes a text message."""

    NONE = 0  # Prometheus' Watchdog: it fires all the time, to show that it can.
    INFO = 1
    WARNING = 2
    ERROR = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The name as it is written in config.yaml."""
        return self.name.lower()


class AlertStatus(StrEnum):
    """Status that a tool reports."""

    FIRING = "firing"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    NOTE = "note"  # A comment: it neither begins nor ends anything.


class RefusalReason(StrEnum):
    """Reason why a request is refused, as the answer spells it."""

    INVALID_BODY = "invalid_body"
    UNKNOWN_SHAPE = "unknown_shape"
    TOO_LARGE = "too_large"
    UNSUPPORTED_ENCODING = "unsupported_encoding"


class WebhookRefused(Exception):
    """A request holds nothing that can be accepted; `detail` is for admins and quotes no value."""

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Incoming:
    """One alert as a tool reports it, in terms that all tools share."""

    key: str  # The tool's name for the condition: the same in all its reports.
    status: AlertStatus
    title: str
    text: str = ""
    severity: AlertSeverity | None = None  # None: the tool names none that is known.
    kind: str = (
        ""  # Alerts of one kind are counted together: the alert rule's name, else the title.
    )
    where: str = ""
    values: str = ""
    url: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    labels: dict[str, str] = field(default_factory=dict)
    group: str | None = None  # Alerts of one group become one incident.
    receiver: str | None = None  # A receiver that the body names.
    repeat: bool = False  # The tool says that it reported this before.
    test: bool = False
    has_end: bool = True  # False: nobody reports its end, so it ends by itself.


@dataclass(frozen=True, slots=True)
class AlertBatch:
    """The alerts of one request."""

    alerts: tuple[Incoming, ...]
    skipped: int = 0  # Alerts that could not be read, or were too many.
    ignored: int = 0  # Reports that begin and end nothing, such as maintenance.
    more: int = 0  # Alerts that the tool left out.
    attachments: int = 0  # Files that were discarded.


class NotificationKind(StrEnum):
    """Reason why a person is texted about an incident."""

    NEW = "new"
    MORE = "more"  # New alerts in an incident that nobody acknowledged.
    WORSE = "worse"  # More severe than when it was acknowledged.
    REOPENED = "reopened"
    FLAPPING = "flapping"
    ESCALATION = "escalation"
    AGAIN = "again"
    RESOLVED = "resolved"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class IncidentSummary:
    """One incident, as a text message needs it."""

    ref: str
    severity: AlertSeverity
    title: str
    since: datetime
    kinds: tuple[tuple[str, int], ...]  # Its alerts by kind, that of the title first.
    notification: NotificationKind = NotificationKind.NEW
    text: str = ""
    values: str = ""
    where: str = ""
    ended_at: datetime | None = None
    reopened: int = 0

    @property
    def alert_count(self) -> int:
        """The number of its alerts: those that fire, or all if it is resolved."""
        return sum(count for _, count in self.kinds)
