"""Changes of incidents whose time has come: ends, steps, and reminders of what somebody took.

It is part of a pass of the bundler: under the same lock and in the same transaction, by the
database's clock. So any replica does it, each step once, and an acknowledgement is before or after.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.escalation.steps import ExecutedStep, postpone_step, run_due_steps
from kwtsms_bot.bridge.models import AlertSeverity, NotificationKind
from kwtsms_bot.bridge.notification_rules import NIGHT, due_time
from kwtsms_bot.bridge.records import REMIND_AFTER, IncidentRecord, NewEvent, NewNotification
from kwtsms_bot.bridge.reports import Receiver
from kwtsms_bot.bridge.silences.night import Night
from kwtsms_bot.bridge.states import IncidentState, NotificationState
from kwtsms_bot.bridge.store.ends.expiry import end_due_alerts, has_due_end
from kwtsms_bot.bridge.store.silence_clock import (
    NO_INHIBITION,
    Inhibition,
    advance_silences,
    has_due_silence,
)
from kwtsms_bot.bridge.store.snapshot import (
    add_events,
    add_notifications,
    lock_incidents,
    show_incidents,
    write_incidents,
)
from kwtsms_bot.database.tables import incident, notification
from kwtsms_bot.outbox.sql import chunks

NOBODY = ""  # No person does what is due.
REMINDER = "reminder"  # The event of an incident that somebody took a day ago.
MAX_INCIDENTS = 500  # Of a pass.
MAX_DETAIL = 500
AT_ANY_TIME = (NotificationKind.TEST.value, NotificationKind.AGAIN.value)  # By a person's wish.
REACHES_NOBODY = notification.c.state.in_(
    (
        NotificationState.FAILED.value,
        NotificationState.CANCELLED.value,
        NotificationState.NOT_NEEDED.value,
    )
)


def has_due_change(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Returns the condition that any incident has an end, a step or a reminder due."""
    is_due = exists().where(or_(incident.c.step_due_at <= now, incident.c.remind_at <= now))
    return or_(is_due, has_due_end(now), has_due_silence(now))


async def advance_incidents(
    connection: AsyncConnection,
    receivers: Mapping[str, Receiver],
    now: datetime,
    inhibition: Inhibition = NO_INHIBITION,
) -> Inhibition:
    """Makes all changes that are due; returns the alerts that mute others as the next pass's."""
    await end_due_alerts(connection, now)
    following = await advance_silences(connection, receivers, now, inhibition)
    await _run_due_steps(connection, receivers, now)
    for receiver in receivers.values():
        if receiver.night is not None:
            await _postpone_at_night(connection, receiver.name, receiver.night, now)
    await _remind(connection, now)
    return following


async def _run_due_steps(
    connection: AsyncConnection, receivers: Mapping[str, Receiver], now: datetime
) -> None:
    """Executes the steps that are due: notifications for the contacts they reach, and events."""
    query = (
        select(incident.c.id)
        .where(incident.c.step_due_at <= now)
        .order_by(incident.c.step_due_at, incident.c.id)
        .limit(MAX_INCIDENTS)
    )
    ids = (await connection.execute(query)).scalars().all()
    if not ids:
        return
    incidents = tuple((await lock_incidents(connection, ids)).values())
    added: list[NewNotification] = []
    events: list[NewEvent] = []
    for one in incidents:
        receiver = receivers.get(one.receiver)
        if receiver is None:  # It is gone from the configuration.
            one.step_due_at = None
            continue
        if _waits_for_morning(one, receiver, now):
            continue
        for result in run_due_steps(one, receiver.policy, receiver.directory, now):
            added += _notifications(one, result, now)
            events.append(_event(one, result, now))
    await write_incidents(connection, incidents)
    await add_notifications(connection, added, now)
    await add_events(connection, events)


def _waits_for_morning(one: IncidentRecord, receiver: Receiver, now: datetime) -> bool:
    """Whether the steps wait at night; the next one is then due at its end."""
    night = receiver.night
    until = night.waits_until(one.severity, one.opened_at, now) if night else None
    if until is not None:
        postpone_step(one, until)
    return until is not None


def _notifications(
    one: IncidentRecord, result: ExecutedStep, now: datetime
) -> list[NewNotification]:
    kind = NotificationKind.ESCALATION
    due_at = due_time(one, kind, now).at
    return [
        NewNotification(one, one.wave, contact, result.number, kind, one.severity, due_at)
        for contact in result.contacts
    ]


def _event(one: IncidentRecord, result: ExecutedStep, now: datetime) -> NewEvent:
    detail = ", ".join(result.contacts)[:MAX_DETAIL]
    return NewEvent(one, now, result.outcome.value, NOBODY, detail)


async def _postpone_at_night(
    connection: AsyncConnection, receiver: str, night: Night, now: datetime
) -> None:
    """Postpones what is due at night, because it was held by day, to the end of the night."""
    if night.waits_until(AlertSeverity.NONE, None, now) is None:
        return
    columns = (notification.c.id, notification.c.kind, incident.c.severity, incident.c.opened_at)
    query = (
        select(*columns)
        .join_from(notification, incident)
        .where(
            notification.c.state == NotificationState.WAITING.value,
            notification.c.due_at <= now,
            notification.c.kind.not_in(AT_ANY_TIME),
            incident.c.receiver == receiver,
            incident.c.severity < int(night.sms_from),
        )
    )
    postponed: defaultdict[datetime, list[int]] = defaultdict(list)
    for row in await connection.execute(query):
        since = None if row.kind == NotificationKind.RESOLVED.value else row.opened_at
        until = night.waits_until(AlertSeverity(row.severity), since, now)
        if until is not None:
            postponed[until].append(row.id)
    for until, ids in postponed.items():
        for part in chunks(sorted(ids)):
            changed = await connection.execute(
                update(notification)
                .where(notification.c.id.in_(part))
                .values(due_at=until, reason=NIGHT, updated_at=now)
                .returning(notification.c.incident_id)
            )
            await show_incidents(connection, set(changed.scalars()))


async def _remind(connection: AsyncConnection, now: datetime) -> None:
    """Reminds Slack of what somebody took a day ago and still fires; again after each day."""
    query = select(incident.c.id).where(incident.c.remind_at <= now).limit(MAX_INCIDENTS)
    ids = (await connection.execute(query.order_by(incident.c.id))).scalars().all()
    found = (await lock_incidents(connection, ids)).values()
    due = [one for one in found if one.state is IncidentState.ACKNOWLEDGED]
    for one in due:
        one.remind_at = now + REMIND_AFTER
    await write_incidents(connection, due)
    await add_events(
        connection, [NewEvent(one, now, REMINDER, one.acked_by or NOBODY) for one in due]
    )


async def pass_unreached(
    connection: AsyncConnection, incidents: Collection[int], now: datetime
) -> None:
    """Makes the next step of these incidents due, where the present one reached nobody."""
    of_step = (
        notification.c.incident_id == incident.c.id,
        notification.c.step == incident.c.step,
        notification.c.kind != NotificationKind.AGAIN.value,  # Counted on their own.
    )
    for part in chunks(sorted(incidents)):
        await connection.execute(
            update(incident)
            .where(
                incident.c.id.in_(part),
                incident.c.step_due_at > now,
                exists().where(*of_step),
                ~exists().where(*of_step, ~REACHES_NOBODY),
            )
            .values(step_due_at=now)
        )
