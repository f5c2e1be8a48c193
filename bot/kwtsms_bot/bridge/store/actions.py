"""Actions of people on incidents: acknowledge, give back, resolve. The first one counts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.bundling import DroppedReason
from kwtsms_bot.bridge.records import IncidentRecord, NewEvent
from kwtsms_bot.bridge.states import IncidentState, NotificationState
from kwtsms_bot.bridge.store.bundle import NOTIFICATIONS_LOCK
from kwtsms_bot.bridge.store.intake import database_time
from kwtsms_bot.bridge.store.open_messages import RECALLABLE, load_open, recall
from kwtsms_bot.bridge.store.snapshot import add_events, lock_incidents, write_incidents
from kwtsms_bot.bridge.store.transitions import move_notifications
from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import alert, incident, notification
from kwtsms_bot.outbox.audit import Actor, add_entries
from kwtsms_bot.outbox.states import State


class Action(StrEnum):
    """Action of a person on an incident."""

    ACKNOWLEDGE = "acknowledged"
    UNACKNOWLEDGE = "unacknowledged"
    RESOLVE = "resolved"


AFTER = {
    Action.ACKNOWLEDGE: IncidentState.ACKNOWLEDGED,
    Action.UNACKNOWLEDGE: IncidentState.FIRING,
    Action.RESOLVE: IncidentState.RESOLVED,
}
BEFORE = {
    Action.ACKNOWLEDGE: {IncidentState.FIRING},
    Action.UNACKNOWLEDGE: {IncidentState.ACKNOWLEDGED},
    Action.RESOLVE: {IncidentState.FIRING, IncidentState.ACKNOWLEDGED},
}


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

    def __init__(self, database: Database) -> None:
        self._database = database

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
                await _act_on(connection, one, action, actor, now=now) for one in found.values()
            ]


async def _act_on(
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
    one.move(AFTER[action])
    one.touch(now)
    await _record(connection, one, action, actor.id)
    in_flight = 0
    if action is not Action.UNACKNOWLEDGE:
        in_flight = await _cancel_notifications(connection, one, action, now)
    await write_incidents(connection, [one])
    await add_events(connection, [NewEvent(one, now, action.value, actor.id)])
    await add_entries(connection, actor.entry(now, "incident", action.value, subject=one.ref))
    return ActionResult(
        one.ref, one.title, done=True, state=one.state, by=None, in_flight=in_flight
    )


async def _record(
    connection: AsyncConnection, one: IncidentRecord, action: Action, actor: str
) -> None:
    """Records who did it, and what an acknowledgement covers."""
    now = one.changed_at
    match action:
        case Action.ACKNOWLEDGE:
            one.acked_by, one.acked_at, one.ack_severity = actor, now, one.severity
            kinds = select(alert.c.kind).where(alert.c.incident_id == one.id).distinct()
            one.ack_kinds = tuple((await connection.execute(kinds)).scalars())
        case Action.UNACKNOWLEDGE:
            one.acked_by = one.acked_at = one.ack_severity = None
            one.ack_kinds = ()
        case Action.RESOLVE:
            one.resolved_by, one.resolved_at = actor, now


async def _cancel_notifications(
    connection: AsyncConnection, one: IncidentRecord, action: Action, now: datetime
) -> int:
    """Cancels what waits, and recalls what has not left; returns how many messages have left."""
    concerned = [found for found in await load_open(connection) if one.id in found.incidents]
    await recall(
        connection,
        [found for found in concerned if found.state in RECALLABLE],
        now,
        cancel_in_flight=True,
    )
    is_ack = action is Action.ACKNOWLEDGE
    await move_notifications(
        connection,
        [
            notification.c.incident_id == one.id,
            notification.c.state == NotificationState.WAITING.value,
        ],
        NotificationState.CANCELLED if is_ack else NotificationState.NOT_NEEDED,
        now,
        reason=(DroppedReason.ACKNOWLEDGED if is_ack else DroppedReason.RESOLVED_BEFORE).value,
    )
    return sum(found.state is State.IN_FLIGHT for found in concerned)
