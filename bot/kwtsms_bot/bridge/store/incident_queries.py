"""Reads incidents for cards, lists and commands."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, case, distinct, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.bundling import DeferralReason
from kwtsms_bot.bridge.escalation.policy import NO_POLICIES, EscalationPolicy, Policies
from kwtsms_bot.bridge.incidents.views import (
    AlertView,
    EventView,
    IncidentView,
    MuteView,
    NextStep,
    NotifiedView,
    OpenIncident,
)
from kwtsms_bot.bridge.models import AlertSeverity, AlertStatus, NotificationKind
from kwtsms_bot.bridge.states import IncidentKind, IncidentState, NotificationState
from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import (
    alert,
    incident,
    incident_dm,
    incident_event,
    notification,
    silence,
)
from kwtsms_bot.outbox.message import CardLocation

MAX_ALERTS, MAX_KINDS, MAX_NOTIFIED, MAX_EVENTS = 20, 6, 200, 20  # Of an incident's view.
MAX_REFS = 300  # Of one request.
# What holds messages, as opposed to the pace of one phone.
BLOCKING_REASONS = (DeferralReason.PAUSED, DeferralReason.GATEWAY, DeferralReason.BUDGET_SPENT)
IS_OPEN = incident.c.state != IncidentState.RESOLVED.value
IS_FIRING = incident.c.state == IncidentState.FIRING.value
IS_MUTED = incident.c.muted_by.is_not(None)
IS_SILENCED = exists().where(silence.c.ref == incident.c.muted_by)
IS_BLOCKED = exists().where(
    notification.c.incident_id == incident.c.id,
    or_(
        notification.c.reason.in_([one.value for one in BLOCKING_REASONS])
        & (notification.c.state == NotificationState.WAITING.value),
        notification.c.reason.is_not(None)  # kwtSMS refused it, and it is tried again.
        & (notification.c.state == NotificationState.BUNDLED.value),
    ),
)
# What is muted is last. The worst first; what nobody has acknowledged before the rest; then the
# oldest.
WORST_FIRST = (
    case((IS_MUTED, 1), else_=0),
    incident.c.severity.desc(),
    case((IS_FIRING, 0), else_=1),
    incident.c.opened_at,
    incident.c.id,
)


class IncidentQueries:
    """Store of incidents, for reading."""

    def __init__(self, database: Database, policies: Policies = NO_POLICIES) -> None:
        self._database, self._policies = database, policies

    async def find(self, ref: str) -> IncidentView | None:
        """Returns the incident with this reference, in either case of letters."""
        async with self._database.reading() as connection:
            return await load_view(
                connection, incident.c.ref == ref.strip().upper(), self._policies
            )

    async def open_incidents(
        self, limit: int, *, blocked: bool = False
    ) -> tuple[OpenIncident, ...]:
        """Returns open incidents, worst first; with `blocked`, only those whose SMS are held."""
        return await self._list(limit, IS_OPEN, *((IS_BLOCKED,) if blocked else ()))

    async def count_open(self, *, blocked: bool = False) -> int:
        """Returns the number of open incidents."""
        query = select(func.count()).select_from(incident).where(IS_OPEN)
        async with self._database.reading() as connection:
            found: int = await connection.scalar(query.where(IS_BLOCKED) if blocked else query) or 0
        return found

    async def count_silenced(self) -> int:
        """Returns the number of open incidents that are silenced."""
        query = select(func.count()).select_from(incident).where(IS_OPEN, IS_SILENCED)
        async with self._database.reading() as connection:
            return await connection.scalar(query) or 0

    async def unacknowledged(self, limit: int) -> tuple[OpenIncident, ...]:
        """Returns the incidents that nobody has acknowledged, the worst first; none muted."""
        return await self._list(limit, IS_FIRING, ~IS_MUTED)

    async def unacknowledged_of(self, user: str, limit: int) -> tuple[OpenIncident, ...]:
        """Returns the incidents that nobody has acknowledged and that a Slack user was texted of.

        Each has a direct message to that user, posted or not.
        """
        is_texted = exists().where(
            incident_dm.c.incident_id == incident.c.id, incident_dm.c.slack_user == user
        )
        return await self._list(limit, IS_FIRING, ~IS_MUTED, is_texted)

    async def texted(self, user: str, refs: Collection[str]) -> frozenset[str]:
        """Returns those of the incidents that a Slack user was texted about."""
        query = (
            select(incident.c.ref)
            .join_from(incident, incident_dm)
            .where(incident_dm.c.slack_user == user, incident.c.ref.in_(list(refs)[:MAX_REFS]))
        )
        async with self._database.reading() as connection:
            return frozenset((await connection.execute(query)).scalars())

    async def _list(self, limit: int, *where: ColumnElement[bool]) -> tuple[OpenIncident, ...]:
        columns = (incident, IS_SILENCED.label("is_silenced"))
        query = select(*columns).where(*where).order_by(*WORST_FIRST).limit(limit)
        async with self._database.reading() as connection:
            return tuple(_listed(row) for row in await connection.execute(query))


async def load_view(
    connection: AsyncConnection, where: ColumnElement[bool], policies: Policies = NO_POLICIES
) -> IncidentView | None:
    """Returns the incident that `where` selects, with all that a card shows."""
    row = (await connection.execute(select(incident).where(where))).first()
    if row is None:
        return None
    kind_count, since = await _span(connection, row.id)
    return IncidentView(
        id=row.id,
        ref=row.ref,
        kind=IncidentKind(row.kind),
        integration=row.integration,
        receiver=row.receiver,
        state=IncidentState(row.state),
        severity=AlertSeverity(row.severity),
        title=row.title,
        since=since or row.opened_at,
        alert_count=row.alerts,
        firing=row.firing,
        kind_count=kind_count,
        kinds=await _load_kinds(connection, row.id),
        alerts=await _load_alerts(connection, row.id),
        notified=await _load_notified(connection, row.id),
        events=await _load_events(connection, row.id),
        acked_by=row.acked_by,
        acked_at=row.acked_at,
        resolved_by=row.resolved_by,
        resolved_at=row.resolved_at,
        revision=row.revision,
        card_location=CardLocation(row.place_channel, row.place_ts) if row.place_ts else None,
        is_escalated=_is_escalated(row),
        next_step=_next_step(row, policies.get(row.receiver)),
        mute=await _load_mute(connection, row),
    )


async def _load_mute(connection: AsyncConnection, row: Row[Any]) -> MuteView | None:
    """Returns why nothing of an incident is texted; None if something may be."""
    if row.muted_by is None or row.silenced_until is None:
        return None
    query = select(silence).where(silence.c.ref == row.muted_by)
    found = (await connection.execute(query)).first()
    if found is None:
        return MuteView(row.muted_by, row.silenced_until)
    return MuteView(
        found.ref,
        row.silenced_until,
        found.reason,
        found.created_by,
        is_shared=found.incident_ref is None,
    )


def _is_escalated(row: Row[Any]) -> bool:
    """Whether nobody has taken it, and a later step was due already."""
    is_firing: bool = row.state == IncidentState.FIRING.value
    return is_firing and row.step - row.step_offset > 1


def _next_step(row: Row[Any], policy: EscalationPolicy | None) -> NextStep | None:
    if policy is None or row.step_due_at is None:
        return None
    number = row.step - row.step_offset + 1
    names = policy.names(number) if number <= policy.last else ()
    return NextStep(names, row.step_due_at)


async def _span(connection: AsyncConnection, number: int) -> tuple[int, datetime | None]:
    """Returns the number of kinds, and the earliest start; None if its alerts have moved on."""
    start = func.min(func.coalesce(alert.c.started_at, alert.c.first_at))
    query = select(func.count(distinct(alert.c.kind)).label("kinds"), start.label("since"))
    row = (await connection.execute(query.where(alert.c.incident_id == number))).one()
    return row.kinds, row.since


async def _load_kinds(connection: AsyncConnection, number: int) -> tuple[tuple[str, int], ...]:
    count = func.count().label("count")
    query = (
        select(alert.c.kind, count)
        .where(alert.c.incident_id == number)
        .group_by(alert.c.kind)
        .order_by(count.desc(), alert.c.kind)
        .limit(MAX_KINDS)
    )
    return tuple((row.kind, row[1]) for row in await connection.execute(query))


async def _load_alerts(connection: AsyncConnection, number: int) -> tuple[AlertView, ...]:
    query = (
        select(alert)
        .where(alert.c.incident_id == number)
        .order_by(_fires_first(), alert.c.severity.desc(), alert.c.id)
        .limit(MAX_ALERTS)
    )
    return tuple(
        AlertView(
            title=row.title,
            firing=row.status == AlertStatus.FIRING,
            severity=AlertSeverity(row.severity),
            since=row.started_at or row.first_at,
            place=row.place,
            text=row.text,
            amounts=row.amounts,
            url=row.url,
            labels=row.labels,
        )
        for row in await connection.execute(query)
    )


def _fires_first() -> ColumnElement[int]:
    return case((alert.c.status == AlertStatus.FIRING.value, 0), else_=1)


async def _load_notified(connection: AsyncConnection, number: int) -> tuple[NotifiedView, ...]:
    """Returns the newest notifications, in order."""
    query = (
        select(notification)
        .where(notification.c.incident_id == number)
        .order_by(notification.c.id.desc())
        .limit(MAX_NOTIFIED)
    )
    rows = (await connection.execute(query)).all()
    return tuple(
        NotifiedView(
            row.contact,
            NotificationKind(row.kind),
            NotificationState(row.state),
            row.reason,
            row.due_at,
            row.updated_at,
        )
        for row in reversed(rows)
    )


async def _load_events(connection: AsyncConnection, number: int) -> tuple[EventView, ...]:
    query = (
        select(incident_event)
        .where(incident_event.c.incident_id == number)
        .order_by(incident_event.c.id.desc())
        .limit(MAX_EVENTS)
    )
    rows = (await connection.execute(query)).all()
    return tuple(EventView(row.at, row.kind, row.actor, row.detail) for row in reversed(rows))


def _listed(row: Row[Any]) -> OpenIncident:
    return OpenIncident(
        ref=row.ref,
        kind=IncidentKind(row.kind),
        state=IncidentState(row.state),
        severity=AlertSeverity(row.severity),
        title=row.title,
        receiver=row.receiver,
        since=row.opened_at,
        alerts=row.alerts,
        firing=row.firing,
        acked_by=row.acked_by,
        is_escalated=_is_escalated(row),
        silenced_until=row.silenced_until if row.is_silenced else None,
        inhibited_by=None if row.is_silenced else row.muted_by,
    )
