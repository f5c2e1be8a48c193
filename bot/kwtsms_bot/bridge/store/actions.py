"""Actions of people on incidents; of two who do the same, the first one counts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.bundling import DroppedReason
from kwtsms_bot.bridge.escalation.steps import start_clock
from kwtsms_bot.bridge.models import NotificationKind
from kwtsms_bot.bridge.notification_rules import due_time
from kwtsms_bot.bridge.records import IncidentRecord, NewEvent, NewNotification
from kwtsms_bot.bridge.reports import Receiver
from kwtsms_bot.bridge.states import IncidentKind, IncidentState, NotificationState
from kwtsms_bot.bridge.store.bundle import NOTIFICATIONS_LOCK
from kwtsms_bot.bridge.store.intake import database_time
from kwtsms_bot.bridge.store.open_messages import cancel_notifications
from kwtsms_bot.bridge.store.snapshot import (
    add_events,
    add_notifications,
    lock_incidents,
    write_incidents,
)
from kwtsms_bot.bridge.store.transitions import move_notifications
from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import alert, incident, notification
from kwtsms_bot.outbox.audit import Actor, add_entries


class Action(StrEnum):
    """Action of a person on an incident."""

    ACKNOWLEDGE = "acknowledged"
    UNACKNOWLEDGE = "unacknowledged"
    RESOLVE = "resolved"
    NOTIFY_AGAIN = "notified_again"  # Those whose SMS may have been sent.


BEFORE = {
    Action.ACKNOWLEDGE: {IncidentState.FIRING},
    Action.UNACKNOWLEDGE: {IncidentState.ACKNOWLEDGED},
    Action.RESOLVE: {IncidentState.FIRING, IncidentState.ACKNOWLEDGED},
    Action.NOTIFY_AGAIN: {IncidentState.FIRING},
}
CANCELLING = (Action.ACKNOWLEDGE, Action.RESOLVE)


@dataclass(frozen=True, slots=True)
class ActionResult:
    """Result of an action on one incident."""

    ref: str
    title: str
    done: bool
    state: IncidentState  # Afterwards.
    by: str | None  # Who had done it before, if `done` is false.
    in_flight: int = 0  # Messages that had left already.


class IncidentActions:
    """Store of what people do to incidents."""

    def __init__(self, database: Database, receivers: Mapping[str, Receiver]) -> None:
        self._database, self._receivers = database, receivers

    async def act(self, refs: Collection[str], action: Action, actor: Actor) -> list[ActionResult]:
        """Does `action` to these incidents, and cancels what they were still to tell.

        An incident that does not exist is left out of the results.

        Raises:
            DatabaseError: nothing was changed, or it is not known whether it was.
        """
        async with self._database.transaction() as connection:
            await self._database.acquire_lock(connection, NOTIFICATIONS_LOCK)
            now = await database_time(connection, self._database)
            wanted = select(incident.c.id).where(incident.c.ref.in_([one.upper() for one in refs]))
            ids = (await connection.execute(wanted)).scalars().all()
            found = await lock_incidents(connection, ids)
            return [
                await self._act_on(connection, one, action, actor, now=now)
                for one in found.values()
            ]

    async def _act_on(
        self,
        connection: AsyncConnection,
        one: IncidentRecord,
        action: Action,
        actor: Actor,
        *,
        now: datetime,
    ) -> ActionResult:
        if one.state not in BEFORE[action]:
            by = one.resolved_by if one.state is IncidentState.RESOLVED else one.acked_by
            return ActionResult(one.ref, one.title, False, one.state, by)
        await self._record(connection, one, action, actor.id, now=now)
        in_flight = 0
        if action in CANCELLING:
            is_ack = action is Action.ACKNOWLEDGE
            in_flight = await cancel_notifications(
                connection,
                [one.id],
                NotificationState.CANCELLED if is_ack else NotificationState.NOT_NEEDED,
                now,
                reason=DroppedReason.ACKNOWLEDGED if is_ack else DroppedReason.RESOLVED_BEFORE,
            )
        await write_incidents(connection, [one])
        await add_events(connection, [NewEvent(one, now, action.value, actor.id)])
        await add_entries(connection, actor.entry(now, "incident", action.value, subject=one.ref))
        return ActionResult(
            one.ref, one.title, done=True, state=one.state, by=None, in_flight=in_flight
        )

    async def _record(
        self,
        connection: AsyncConnection,
        one: IncidentRecord,
        action: Action,
        actor: str,
        *,
        now: datetime,
    ) -> None:
        """Records who did it; the clock of the steps stops, or starts again."""
        match action:
            case Action.ACKNOWLEDGE:
                kinds = select(alert.c.kind).where(alert.c.incident_id == one.id).distinct()
                one.acknowledge(actor, (await connection.execute(kinds)).scalars(), now)
            case Action.UNACKNOWLEDGE:
                one.withdraw_acknowledgement(now)
                receiver = self._receivers.get(one.receiver)
                waits = one.kind is IncidentKind.TEST or one.muted_by is not None
                if receiver is not None and receiver.texts(one.severity) and not waits:
                    start_clock(one, receiver.policy, now)
            case Action.RESOLVE:
                one.resolve(actor, now)
            case Action.NOTIFY_AGAIN:
                await _notify_again(connection, one, now)


async def _notify_again(connection: AsyncConnection, one: IncidentRecord, now: datetime) -> None:
    """Counts what may have been sent as sent, and notifies the same people with a new text."""
    kind = NotificationKind.AGAIN
    is_unknown = (
        notification.c.incident_id == one.id,
        notification.c.state == NotificationState.UNKNOWN.value,
    )
    found = select(notification.c.contact).where(*is_unknown).distinct()
    contacts = sorted((await connection.execute(found)).scalars())
    again = (notification.c.incident_id == one.id, notification.c.kind == kind.value)
    times = await connection.scalar(select(func.max(notification.c.step)).where(*again)) or 0
    await move_notifications(connection, is_unknown, NotificationState.SENT, now)
    due_at = due_time(one, kind, now).at
    await add_notifications(
        connection,
        [
            NewNotification(one, one.wave, contact, times + 1, kind, one.severity, due_at)
            for contact in contacts
        ],
        now,
    )
