"""Alerts and incidents while a transaction changes them, and what it adds. Pure.

The store reads records, the rules change them, and the store writes those that are new or changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kwtsms_bot.bridge.episodes import Episode
from kwtsms_bot.bridge.models import AlertSeverity, Incoming, NotificationKind
from kwtsms_bot.bridge.states import IncidentKind, IncidentState, check_step

FORGOTTEN_AFTER = timedelta(days=7)  # Without another report, though the tool reports others.
EXPIRY_STEP = timedelta(hours=1)  # Reports within it don't write a new end.
REMIND_AFTER = timedelta(hours=24)  # Slack is reminded of what somebody took and still fires.


@dataclass(slots=True, eq=False)
class IncidentRecord:
    """An incident; `id` is 0 until it is stored."""

    ref: str
    kind: IncidentKind
    integration: str
    receiver: str
    title: str
    severity: AlertSeverity
    opened_at: datetime
    changed_at: datetime
    state: IncidentState = IncidentState.FIRING
    id: int = 0
    wave: int = 0
    alerts: int = 0
    firing: int = 0
    grown_at: datetime | None = None  # When its last alert came.
    reopened: int = 0
    reopened_since: datetime | None = None
    ack_severity: AlertSeverity | None = None
    ack_kinds: tuple[str, ...] = ()
    acked_by: str | None = None
    acked_at: datetime | None = None
    resolved_by: str | None = None
    resolved_at: datetime | None = None
    closes_at: datetime | None = None
    step: int = 1  # The last that came due.
    step_due_at: datetime | None = None  # Of the next one.
    step_offset: int = 0  # The steps before the clock was restarted.
    steps_from: datetime | None = None
    remind_at: datetime | None = None
    muted_by: str | None = None  # The silence, or the incident, for which nothing is texted.
    silenced_until: datetime | None = None
    changed: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is not resolved."""
        return self.state is not IncidentState.RESOLVED

    def move(self, after: IncidentState, now: datetime) -> None:
        """Moves it to another state; what was due in the one before is so no more.

        Raises:
            IllegalStep: the table of states does not have that step.
        """
        check_step(self.state, after)
        self.state = after
        self.step_due_at = None
        self.remind_at = now + REMIND_AFTER if after is IncidentState.ACKNOWLEDGED else None
        if after is IncidentState.RESOLVED:
            self.muted_by = self.silenced_until = None

    def acknowledge(self, by: str, kinds: Iterable[str], now: datetime) -> None:
        """Records who has taken it, and the kinds of alerts that this covers."""
        self.move(IncidentState.ACKNOWLEDGED, now)
        self.acked_by, self.acked_at, self.ack_severity = by, now, self.severity
        self.ack_kinds = tuple(kinds)
        self.touch(now)

    def withdraw_acknowledgement(self, now: datetime) -> None:
        """Records that nobody has taken it any more."""
        self.move(IncidentState.FIRING, now)
        self.acked_by = self.acked_at = self.ack_severity = None
        self.ack_kinds = ()
        self.touch(now)

    def reopen(self, now: datetime, *, window: timedelta) -> None:
        """Makes it what it was before it was resolved; counts how often within `window`."""
        after = IncidentState.ACKNOWLEDGED if self.acked_by else IncidentState.FIRING
        self.move(after, now)
        self.resolved_at = self.resolved_by = None
        if self.reopened_since is None or now - self.reopened_since >= window:
            self.reopened, self.reopened_since = 0, now
        self.reopened += 1

    def resolve(self, by: str, now: datetime) -> None:
        """Records who says that it is over."""
        self.move(IncidentState.RESOLVED, now)
        self.resolved_by, self.resolved_at = by, now
        self.touch(now)

    def mute(self, by: str, until: datetime, now: datetime) -> None:
        """Records that nothing of it is texted until a time; the steps wait, too."""
        self.muted_by, self.silenced_until = by, until
        self.step_due_at = None
        self.touch(now)

    def grow(self, severity: AlertSeverity, now: datetime) -> None:
        """Counts another alert that fires."""
        self.alerts += 1
        self.firing += 1
        self.severity = max(self.severity, severity)
        self.grown_at = now
        self.touch(now)

    def touch(self, now: datetime) -> None:
        """Marks it as changed at `now`, so that it is written, and its card updated."""
        self.changed, self.changed_at = True, now


@dataclass(slots=True, eq=False)
class AlertRecord:
    """An alert with its present episode; `id` is 0 until it is stored."""

    integration: str
    key_hash: str
    report: Incoming = field(repr=False)  # The newest that began or changed the episode.
    severity: AlertSeverity
    firing: bool
    started_at: datetime | None
    ended_at: datetime | None
    first_at: datetime
    changed_at: datetime
    incident: IncidentRecord | None = None
    wave: int = 0
    closes_at: datetime | None = None
    expires_at: datetime | None = None  # Then it is forgotten, unless it is reported again.
    id: int = 0

    def postpone_expiry(self, now: datetime, lasts: timedelta | None = None) -> bool:
        """Notes that it is reported again, and so lasts longer; returns whether to write that."""
        expires_at = now + FORGOTTEN_AFTER
        if self.firing and lasts is not None:
            self.closes_at, self.expires_at = now + lasts, expires_at
            return True
        if not self.firing or (self.expires_at and expires_at - self.expires_at < EXPIRY_STEP):
            return False
        self.expires_at = expires_at
        return True

    def end(self, ended_at: datetime, now: datetime) -> None:
        """Ends its episode."""
        self.firing, self.ended_at, self.changed_at = False, ended_at, now
        self.closes_at = self.expires_at = None

    @property
    def episode(self) -> Episode:
        """The episode, as a new report is compared with it."""
        return Episode(
            self.firing,
            self.severity,
            self.report.title,
            self.started_at,
            self.ended_at,
            self.changed_at,
        )


@dataclass(frozen=True, slots=True)
class NewNotification:
    """A person is to be notified of a wave of an incident."""

    incident: IncidentRecord
    wave: int
    contact: str
    step: int
    kind: NotificationKind
    severity: AlertSeverity
    due_at: datetime
    reason: str | None = None  # Why it waits longer than usual.


@dataclass(frozen=True, slots=True)
class WaitingNotification:
    """A notification that waits for its message."""

    id: int
    incident: IncidentRecord
    wave: int
    contact: str
    kind: NotificationKind
    severity: AlertSeverity
    reason: str | None

    @property
    def refusal(self) -> str | None:
        """The code with which kwtSMS refused its last message; None if it was not refused."""
        return self.reason if self.reason and self.reason.startswith("ERR") else None


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A line of an incident's history."""

    incident: IncidentRecord
    at: datetime
    kind: str
    actor: str
    detail: str = ""
