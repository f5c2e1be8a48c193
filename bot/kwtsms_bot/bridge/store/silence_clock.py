"""Applies silences to open incidents when they start, and tells what still fires after their end.

It is part of a pass of the bundler, and of the transaction in which a person creates or ends one.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.bundling import DroppedReason
from kwtsms_bot.bridge.incidents.announcements import (
    AUTHOR,
    end_silence,
    first_to_end,
    mute_of_alert,
)
from kwtsms_bot.bridge.models import AlertStatus
from kwtsms_bot.bridge.records import AlertRecord, IncidentRecord, NewEvent, NewNotification
from kwtsms_bot.bridge.reports import Receiver
from kwtsms_bot.bridge.silences.inhibition import InhibitionRule
from kwtsms_bot.bridge.silences.mutes import INHIBITED, AlertKey, Mutes
from kwtsms_bot.bridge.silences.silence import SILENCED, WEEK, Silence
from kwtsms_bot.bridge.states import IncidentKind, IncidentState, NotificationState
from kwtsms_bot.bridge.store.open_messages import cancel_notifications
from kwtsms_bot.bridge.store.rows import alert_of
from kwtsms_bot.bridge.store.silence_rows import load_mutes, load_sources, silence_of
from kwtsms_bot.bridge.store.snapshot import (
    add_events,
    add_notifications,
    lock_incidents,
    write_alerts,
    write_incidents,
)
from kwtsms_bot.database.tables import alert, incident, silence
from kwtsms_bot.outbox.sql import chunks

UNSILENCED = "unsilenced"  # An event of an incident, after `silenced`.
MAX_INCIDENTS = 500  # Of a pass.
IS_MUTED = incident.c.silenced_until.is_not(None)


@dataclass(frozen=True, slots=True)
class Inhibition:
    """Which alerts mute others, and those that were known when the last pass ended."""

    rules: Sequence[InhibitionRule] = ()
    known: Collection[AlertKey] = ()


NO_INHIBITION = Inhibition()


def has_due_silence(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Returns the condition that a silence starts or ends."""
    return or_(
        exists().where(silence.c.applies_at <= now),
        exists().where(incident.c.silenced_until <= now),
    )


async def advance_silences(
    connection: AsyncConnection,
    receivers: Mapping[str, Receiver],
    now: datetime,
    inhibition: Inhibition = NO_INHIBITION,
) -> Inhibition:
    """Applies what has begun to mute alerts, and notifies of what still fires after its end.

    Returns the inhibition that the next pass begins with.
    """
    await apply_silences(connection, now, inhibition.rules)
    sources = await load_sources(connection, inhibition.rules)
    if sources.keys() - inhibition.known:
        new = Mutes((), inhibition.rules, sources)
        await _mute_open_incidents(connection, new, inhibition.rules, now)
    has_ended = incident.c.silenced_until <= now
    await end_mutes(connection, receivers, now, has_ended, inhibitions=inhibition.rules)
    return Inhibition(inhibition.rules, frozenset(sources))


async def apply_silences(
    connection: AsyncConnection, now: datetime, inhibitions: Sequence[InhibitionRule] = ()
) -> tuple[int, int]:
    """Mutes the open incidents of silences that have started.

    Returns how many incidents were muted, and how many messages about them had left.
    """
    query = select(silence).where(silence.c.applies_at <= now).order_by(silence.c.id)
    rows = (await connection.execute(query.limit(MAX_INCIDENTS))).all()
    started = [one for row in rows if (one := silence_of(row)).active_window(now)]
    for row in rows:
        await connection.execute(
            update(silence)
            .where(silence.c.id == row.id)
            .values(applies_at=_next_start(silence_of(row), now))
        )
    if not started:
        return 0, 0
    return await _mute_open_incidents(connection, Mutes(started), inhibitions, now)


def _next_start(one: Silence, now: datetime) -> datetime | None:
    """Returns when a silence starts again; None if it does not."""
    window = one.next_window(now)
    if window is None or not window.contains(now):
        return None if window is None else window.starts_at
    return window.starts_at + WEEK if one.is_weekly else None


async def _mute_open_incidents(
    connection: AsyncConnection,
    new: Mutes,
    inhibitions: Sequence[InhibitionRule],
    now: datetime,
) -> tuple[int, int]:
    """Mutes the open incidents of which all that fires is muted, and recalls their messages.

    Looks at those of which `new` mutes anything. Returns how many incidents were muted, and how
    many messages about them had left.
    """
    is_open = (
        incident.c.state != IncidentState.RESOLVED.value,
        incident.c.kind != IncidentKind.TEST.value,
    )
    ids = (await connection.execute(select(incident.c.id).where(*is_open))).scalars().all()
    incidents = await lock_incidents(connection, ids)
    alerts = await _firing_alerts(connection, incidents)
    mutes = await load_mutes(connection, inhibitions, now)
    muted, events = [], []
    for number, one in incidents.items():
        if all(mute_of_alert(new, each, now) is None for each in alerts[number]):
            continue
        found = [mute_of_alert(mutes, each, now) for each in alerts[number]]
        first = first_to_end(found)
        if first is None or None in found:
            continue
        if one.muted_by is not None and first.why == INHIBITED:
            continue
        if one.muted_by is None or one.silenced_until != first.until:
            one.mute(first.by, first.until, now)
            muted.append(one)
            events.append(NewEvent(one, now, SILENCED, AUTHOR, first.by))
    await write_incidents(connection, muted)
    await add_events(connection, events)
    in_flight = await cancel_notifications(
        connection,
        [one.id for one in muted],
        NotificationState.CANCELLED,
        now,
        reason=DroppedReason.SILENCED,
    )
    return len(muted), in_flight


async def end_mutes(
    connection: AsyncConnection,
    receivers: Mapping[str, Receiver],
    now: datetime,
    where: ColumnElement[bool],
    *,
    inhibitions: Sequence[InhibitionRule] = (),
) -> None:
    """Ends the silence of these incidents, unless another one goes on."""
    query = select(incident.c.id).where(where).order_by(incident.c.id).limit(MAX_INCIDENTS)
    ids = (await connection.execute(query)).scalars().all()
    if not ids:
        return
    incidents = await lock_incidents(connection, ids)
    alerts = await _firing_alerts(connection, incidents)
    mutes = await load_mutes(connection, inhibitions, now)
    added: list[NewNotification] = []
    events: list[NewEvent] = []
    for number, one in incidents.items():
        receiver, before = receivers.get(one.receiver), one.muted_by
        if receiver is None:  # It is gone from the configuration.
            one.muted_by = one.silenced_until = None
            one.touch(now)
            continue
        added += end_silence(one, alerts[number], receiver, mutes=mutes, now=now)
        if before is not None and one.muted_by is None:
            events.append(NewEvent(one, now, UNSILENCED, AUTHOR, before))
    await write_incidents(connection, [one for one in incidents.values() if one.changed])
    await _prolong(connection, [one for one in incidents.values() if not one.changed])
    await write_alerts(connection, [one for found in alerts.values() for one in found])
    await add_notifications(connection, added, now)
    await add_events(connection, events)


async def _prolong(connection: AsyncConnection, incidents: Sequence[IncidentRecord]) -> None:
    """Writes until when incidents are muted; their cards do not change."""
    for one in incidents:
        await connection.execute(
            update(incident)
            .where(incident.c.id == one.id)
            .values(silenced_until=one.silenced_until)
        )


async def _firing_alerts(
    connection: AsyncConnection, incidents: Mapping[int, IncidentRecord]
) -> Mapping[int, Collection[AlertRecord]]:
    """Returns the alerts that fire in these incidents."""
    found: defaultdict[int, list[AlertRecord]] = defaultdict(list)
    for part in chunks(sorted(incidents)):
        query = select(alert).where(
            alert.c.incident_id.in_(part), alert.c.status == AlertStatus.FIRING.value
        )
        for row in await connection.execute(query.order_by(alert.c.id)):
            found[row.incident_id].append(alert_of(row, incidents))
    return found
