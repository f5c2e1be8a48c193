"""Decides which notifications become a message now, and what the others wait for. Pure.

A text exists only once its slot is there. What waits is never dropped: it is part of the next one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from kwtsms_bot.bridge.incidents.contents import count_alerts, covers, summarize
from kwtsms_bot.bridge.models import AlertSeverity, NotificationKind
from kwtsms_bot.bridge.pace import PhonePace, fresh_pace, next_slot
from kwtsms_bot.bridge.records import AlertRecord, WaitingNotification
from kwtsms_bot.bridge.render import render
from kwtsms_bot.bridge.states import IncidentState

DEFAULT_LANGUAGE = "auto"
CRITICAL_SHARE = 2  # Critical alerts may spend so many times the credits of a day.


class DeferralReason(StrEnum):
    """Reason why a notification waits, as cards and answers spell it."""

    PAUSED = "paused"
    GATEWAY = "gateway"  # kwtSMS can't be reached, or its answers can't be read.
    BUDGET_SPENT = "over_budget"
    PACE = "pace"  # The phone has just got a message.


class DroppedReason(StrEnum):
    """Reason why a notification is never sent."""

    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    RESOLVED_BEFORE = "over_before"  # It was over before it could be sent.
    REMOVED = "removed"  # The contact is gone from the phone book.


@dataclass(frozen=True, slots=True)
class ContactPhone:
    """A contact's phone, and the language that they want."""

    phone: str = field(repr=False)
    language: str | None  # None: the receiver's.
    slack: str | None = None  # Their Slack user.


@dataclass(frozen=True, slots=True)
class Style:
    """Style of a receiver's texts."""

    language: str
    pages: int


DEFAULT_STYLE = Style(DEFAULT_LANGUAGE, 1)


@dataclass(frozen=True, slots=True)
class Recipients:
    """Contacts and the styles of receivers, each by name."""

    people: Mapping[str, ContactPhone]
    styles: Mapping[str, Style]

    def language(self, waiting: Sequence[WaitingNotification]) -> str:
        """Returns the contact's language, or that of the worst incident's receiver."""
        worst = max(waiting, key=lambda one: one.severity)
        return self.people[worst.contact].language or self._style(worst).language

    def pages(self, waiting: Sequence[WaitingNotification]) -> int:
        """Returns how many pages the text may take."""
        return max(self._style(one).pages for one in waiting)

    def _style(self, one: WaitingNotification) -> Style:
        return self.styles.get(one.incident.receiver, DEFAULT_STYLE)


@dataclass(frozen=True, slots=True)
class Gate:
    """Conditions that defer all messages about alerts at this moment."""

    now: datetime
    paused: bool
    breaker_open: bool
    trial: bool  # The circuit breaker is half-open: one message to one phone.
    spent: int
    credits_per_day: int

    def deferral_reason(self, severity: AlertSeverity) -> DeferralReason | None:
        """Returns the reason why nothing of this severity may leave; None if it may."""
        if self.paused:
            return DeferralReason.PAUSED
        if self.breaker_open:
            return DeferralReason.GATEWAY
        share = CRITICAL_SHARE if severity is AlertSeverity.CRITICAL else 1
        return DeferralReason.BUDGET_SPENT if self.spent >= share * self.credits_per_day else None


@dataclass(frozen=True, slots=True)
class Bundle:
    """One message: its text, its phones, and the notifications in it."""

    text: str = field(repr=False)
    pages: int
    severity: AlertSeverity
    phones: tuple[str, ...] = field(repr=False)
    # By phone: its notifications, each with the number of alerts that the text counts for it.
    contents: Mapping[str, tuple[tuple[WaitingNotification, int], ...]] = field(repr=False)

    @property
    def incidents(self) -> frozenset[int]:
        """The incidents that the text is about."""
        rows = (one for contents in self.contents.values() for one, _ in contents)
        return frozenset(one.incident.id for one in rows)


@dataclass(frozen=True, slots=True)
class BundleDecision:
    """Decision about the notifications that are due."""

    bundles: tuple[Bundle, ...]
    deferred: Mapping[int, DeferralReason]  # By the notification's ID.
    dropped: Mapping[int, DroppedReason]


@dataclass(frozen=True, slots=True)
class Phones:
    """The phones' state: their pace, and those that a message is under way to."""

    paces: Mapping[str, PhonePace]
    open: Collection[str]
    cooling_down: Collection[str]  # kwtSMS would refuse a message to them now.

    def slot(self, phone: str, severity: AlertSeverity, now: datetime) -> datetime:
        """Returns when a phone may get its next message."""
        return next_slot(self.paces.get(phone) or fresh_pace(now), severity, now)


@dataclass(frozen=True, slots=True)
class PendingContact:
    """A contact that something is due for: how severe the worst is, and what waits longest."""

    contact: str
    severity: AlertSeverity
    first_id: int


def deferred_contacts(
    pending: Iterable[PendingContact], *, recipients: Recipients, phones: Phones, gate: Gate
) -> dict[str, DeferralReason]:
    """Returns the contacts that can't be notified now, and why; nothing else is read."""
    deferred: dict[str, DeferralReason] = {}
    chosen: set[str] = set()
    for one in sorted(pending, key=lambda one: (-one.severity, one.first_id)):
        if one.contact not in recipients.people:
            continue
        phone = recipients.people[one.contact].phone
        reason = _deferral(phone, one.severity, phones, gate)
        if reason is None and gate.trial and chosen - {phone}:
            reason = DeferralReason.GATEWAY
        if reason is None:
            chosen.add(phone)
        else:
            deferred[one.contact] = reason
    return deferred


def decide(
    due: Sequence[WaitingNotification],
    alerts: Iterable[AlertRecord],
    *,
    recipients: Recipients,
    notified: Collection[tuple[int, str]],
    phones: Phones,
    gate: Gate,
) -> BundleDecision:
    """Decides about the notifications that are due.

    `alerts` are those of their incidents; `notified` are the incidents and contacts of which a
    message has left, for those who are to hear of the end.
    """
    by_incident: defaultdict[int, list[AlertRecord]] = defaultdict(list)
    for alert in alerts:
        if alert.incident is not None:
            by_incident[alert.incident.id].append(alert)
    dropped = {
        one.id: why
        for one in due
        if (why := _dropped(one, by_incident[one.incident.id], recipients.people, notified))
    }
    by_phone: defaultdict[str, list[WaitingNotification]] = defaultdict(list)
    for one in due:
        if one.id not in dropped:
            by_phone[recipients.people[one.contact].phone].append(one)
    ready, deferred = _split(by_phone, phones, gate)
    made = {
        phone: _bundle(phone, waiting, by_incident, recipients, now=gate.now)
        for phone, waiting in ready.items()
    }
    return BundleDecision(_shared(made), deferred, dropped)


def _split(
    by_phone: Mapping[str, Sequence[WaitingNotification]], phones: Phones, gate: Gate
) -> tuple[dict[str, Sequence[WaitingNotification]], dict[int, DeferralReason]]:
    """Splits what is due into the phones that get a message now, and what waits, and why."""
    ready: dict[str, Sequence[WaitingNotification]] = {}
    deferred: dict[int, DeferralReason] = {}
    for phone, waiting in sorted(by_phone.items(), key=lambda item: _urgency(item[1])):
        reason = _deferral(phone, max(one.severity for one in waiting), phones, gate)
        if reason is None and gate.trial and ready:
            reason = DeferralReason.GATEWAY
        if reason is None:
            ready[phone] = waiting
        else:
            deferred |= dict.fromkeys((one.id for one in waiting), reason)
    return ready, deferred


def _dropped(
    one: WaitingNotification,
    alerts: Sequence[AlertRecord],
    people: Mapping[str, ContactPhone],
    notified: Collection[tuple[int, str]],
) -> DroppedReason | None:
    """Returns why a notification is not needed any more; None if it is."""
    if one.contact not in people:
        return DroppedReason.REMOVED
    incident = one.incident
    why = drop_reason(one.kind, incident.state, is_muted=incident.muted_by is not None)
    if why is not None:
        return why
    if one.kind is NotificationKind.RESOLVED:
        was_notified = (incident.id, one.contact) in notified
        return None if was_notified else DroppedReason.RESOLVED_BEFORE
    fires = any(alert.firing and covers(one, alert) for alert in alerts)
    return None if fires else DroppedReason.RESOLVED_BEFORE


def drop_reason(
    kind: NotificationKind, state: IncidentState, *, is_muted: bool
) -> DroppedReason | None:
    """Returns why a notification is not sent in this state of its incident; None if it is."""
    if kind is NotificationKind.RESOLVED:
        return None if state is IncidentState.RESOLVED else DroppedReason.RESOLVED_BEFORE
    if state is IncidentState.RESOLVED:
        return DroppedReason.RESOLVED_BEFORE
    if state is IncidentState.ACKNOWLEDGED and kind is not NotificationKind.WORSE:
        return DroppedReason.ACKNOWLEDGED
    return DroppedReason.SILENCED if is_muted else None


def _urgency(waiting: Sequence[WaitingNotification]) -> tuple[int, int]:
    """The place of a phone: the most severe first, then what has waited longest."""
    return (-max(one.severity for one in waiting), min(one.id for one in waiting))


def _deferral(
    phone: str, severity: AlertSeverity, phones: Phones, gate: Gate
) -> DeferralReason | None:
    reason = gate.deferral_reason(severity)
    if reason is not None:
        return reason
    if phone in phones.open or phone in phones.cooling_down:
        return DeferralReason.PACE
    return DeferralReason.PACE if phones.slot(phone, severity, gate.now) > gate.now else None


def _shared(made: Mapping[str, Bundle]) -> tuple[Bundle, ...]:
    """Merges the bundles of phones that get the same text about the same."""
    equal: defaultdict[tuple[object, ...], list[Bundle]] = defaultdict(list)
    for bundle in made.values():
        (contents,) = bundle.contents.values()
        notified = frozenset((one.incident.id, one.wave, one.kind) for one, _ in contents)
        equal[bundle.text, notified].append(bundle)
    return tuple(
        replace(
            several[0],
            phones=tuple(sorted(phone for one in several for phone in one.phones)),
            contents={phone: rows for one in several for phone, rows in one.contents.items()},
        )
        for several in equal.values()
    )


def _bundle(
    phone: str,
    waiting: Sequence[WaitingNotification],
    alerts: Mapping[int, Sequence[AlertRecord]],
    recipients: Recipients,
    *,
    now: datetime,
) -> Bundle:
    by_incident: defaultdict[int, list[WaitingNotification]] = defaultdict(list)
    for one in waiting:
        by_incident[one.incident.id].append(one)
    text = render(
        [summarize(rows, alerts[number]) for number, rows in by_incident.items()],
        now=now,
        language_choice=recipients.language(waiting),
        max_pages=recipients.pages(waiting),
    )
    contents = tuple(
        (one, count)
        for number, rows in by_incident.items()
        for one, count in count_alerts(rows, alerts[number])
    )
    severity = max(one.severity for one in waiting)
    return Bundle(text.text, text.pages, severity, (phone,), {phone: contents})
