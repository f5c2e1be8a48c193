"""Messages about alerts that are under way: their outcomes, and their recall before they leave.

What could not leave is recalled before its next try, so that each try has the text of its moment.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.bundling import DroppedReason, drop_reason
from kwtsms_bot.bridge.models import AlertSeverity, NotificationKind
from kwtsms_bot.bridge.states import IncidentState, NotificationState
from kwtsms_bot.bridge.store.transitions import move_by_id, move_notifications
from kwtsms_bot.database.tables import incident, message, notification, recipient
from kwtsms_bot.outbox.quota.usage_store import CreditChange, add_credits
from kwtsms_bot.outbox.sql import chunks, mark_changed, transition
from kwtsms_bot.outbox.states import State

RECALL_BEFORE = timedelta(seconds=2)  # The next try: longer than the time between two looks.
RECALLABLE = (State.QUEUED, State.CLAIMED)
OUTCOMES = {
    State.SENT: NotificationState.SENT,
    State.DELIVERED: NotificationState.SENT,
    State.UNDELIVERED: NotificationState.SENT,
    State.STUCK: NotificationState.SENT,
    State.REJECTED: NotificationState.FAILED,
    State.UNKNOWN: NotificationState.UNKNOWN,
    State.CANCELLED: NotificationState.WAITING,
    State.EXPIRED: NotificationState.WAITING,
}
LEFT = (NotificationState.SENT, NotificationState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class OpenRecipient:
    """A recipient of a message about alerts, with the notifications in it."""

    id: int
    message_id: int
    phone: str
    state: State
    due_at: datetime
    tries: int
    code: str | None
    pages: int
    created_at: datetime
    budget: str
    severity: AlertSeverity
    notifications: tuple[int, ...]
    incidents: frozenset[int]
    is_outdated: bool  # Something in it is not to be sent any more.

    @property
    def outcome(self) -> NotificationState | None:
        """The outcome for its notifications; None while it is under way."""
        return OUTCOMES.get(self.state)

    def is_stale(self, now: datetime) -> bool:
        """Whether its text is out of date: before another try, or as an incident has changed."""
        if self.state not in RECALLABLE:
            return False
        failed = self.tries - (self.state is State.CLAIMED)  # A claim counts as a try.
        return self.is_outdated or (failed > 0 and self.due_at <= now + RECALL_BEFORE)


async def load_open(connection: AsyncConnection) -> tuple[OpenRecipient, ...]:
    """Returns the recipients whose outcome is not copied yet."""
    was_unknown = notification.c.state == NotificationState.UNKNOWN.value
    is_known = recipient.c.state != State.UNKNOWN.value  # By a late answer, or by a person.
    query = (
        select(
            notification.c.id.label("notification_id"),
            notification.c.incident_id,
            notification.c.severity,
            notification.c.kind,
            incident.c.state.label("incident_state"),
            incident.c.muted_by,
            recipient.c.id,
            recipient.c.message_id,
            recipient.c.phone,
            recipient.c.state,
            recipient.c.due_at,
            recipient.c.tries,
            recipient.c.code,
            message.c.pages,
            message.c.created_at,
            message.c.budget,
        )
        .join_from(notification, recipient, recipient.c.id == notification.c.recipient_id)
        .join(incident, incident.c.id == notification.c.incident_id)
        .join(message, message.c.id == recipient.c.message_id)
        .where((notification.c.state == NotificationState.BUNDLED.value) | (was_unknown & is_known))
        .order_by(recipient.c.id, notification.c.id)
    )
    by_recipient: defaultdict[int, list[Any]] = defaultdict(list)
    for row in await connection.execute(query):
        by_recipient[row.id].append(row)
    return tuple(_open_recipient(rows) for rows in by_recipient.values())


def _open_recipient(rows: Sequence[Any]) -> OpenRecipient:
    first = rows[0]
    return OpenRecipient(
        id=first.id,
        message_id=first.message_id,
        phone=first.phone,
        state=State(first.state),
        due_at=first.due_at,
        tries=first.tries,
        code=first.code,
        pages=first.pages,
        created_at=first.created_at,
        budget=first.budget,
        severity=AlertSeverity(max(row.severity for row in rows)),
        notifications=tuple(row.notification_id for row in rows),
        incidents=frozenset(row.incident_id for row in rows),
        is_outdated=any(map(_is_outdated, rows)),
    )


def _is_outdated(row: Any) -> bool:
    kind, state = NotificationKind(row.kind), IncidentState(row.incident_state)
    return drop_reason(kind, state, is_muted=row.muted_by is not None) is not None


async def copy_outcomes(
    connection: AsyncConnection, settled: Iterable[OpenRecipient], now: datetime
) -> None:
    """Copies the outcomes of these recipients to their notifications."""
    by_outcome: defaultdict[NotificationState, list[int]] = defaultdict(list)
    for one in settled:
        if one.outcome is not None:
            by_outcome[one.outcome] += one.notifications
    for outcome, ids in by_outcome.items():
        changes = {"recipient_id": None} if outcome is NotificationState.WAITING else {}
        await move_by_id(connection, ids, outcome, now, **changes)


async def recall(
    connection: AsyncConnection,
    stale: Sequence[OpenRecipient],
    now: datetime,
    *,
    cancel_in_flight: bool = False,
) -> tuple[OpenRecipient, ...]:
    """Cancels recipients that have not left; their notifications wait again.

    Returns those that were recalled: what is in flight is left alone. With `cancel_in_flight`, what
    comes back from there unsent is cancelled, too.
    """
    recalled = []
    for one in stale:
        moved = await transition(
            connection,
            [recipient.c.id == one.id, recipient.c.state.in_([x.value for x in RECALLABLE])],
            State.CANCELLED,
            now,
            reason=None,
            code=None,
        )
        if moved:
            recalled.append(one)
    by_code: defaultdict[str | None, list[int]] = defaultdict(list)
    for one in recalled:
        by_code[one.code] += one.notifications
    for code, ids in by_code.items():
        changes = {"recipient_id": None, "due_at": now, "reason": code}
        await move_by_id(connection, ids, NotificationState.WAITING, now, **changes)
    messages = {one.message_id for one in stale}
    if cancel_in_flight and messages:
        cancelled = update(message).where(message.c.id.in_(messages))
        await connection.execute(cancelled.values(cancelled_at=now))
    await mark_changed(connection, {one.message_id for one in recalled})
    refunds = [CreditChange(-one.pages, one.created_at, one.budget) for one in recalled]
    await add_credits(connection, refunds)
    return tuple(recalled)


async def cancel_notifications(
    connection: AsyncConnection,
    incidents: Collection[int],
    after: NotificationState,
    now: datetime,
    *,
    reason: DroppedReason,
) -> int:
    """Cancels what these incidents were still to tell, and recalls what has not left.

    Returns how many messages have left.
    """
    wanted = set(incidents)
    concerned = [one for one in await load_open(connection) if one.incidents & wanted]
    await recall(
        connection,
        [one for one in concerned if one.state in RECALLABLE],
        now,
        cancel_in_flight=True,
    )
    is_waiting = notification.c.state == NotificationState.WAITING.value
    for part in chunks(sorted(wanted)):
        where = [notification.c.incident_id.in_(part), is_waiting]
        await move_notifications(connection, where, after, now, reason=reason.value)
    return sum(one.state is State.IN_FLIGHT for one in concerned)
