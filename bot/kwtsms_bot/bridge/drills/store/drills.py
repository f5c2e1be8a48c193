"""Starts drills, follows them to their outcome, and records what was reported of them.

A drill is an incident that goes the way of every alert, from our own kind of integration on. Only
its start is here: of several replicas one starts it, and never while a critical incident fires.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.drills.drill import WEEK, Drill, DrillOutcome, find_outcome
from kwtsms_bot.bridge.intake_plan import IntakePlan
from kwtsms_bot.bridge.integrations import native
from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.records import IncidentRecord
from kwtsms_bot.bridge.references import new_ref
from kwtsms_bot.bridge.reports import Receiver, Report, hash_of
from kwtsms_bot.bridge.states import Closing, IncidentKind, IncidentState, NotificationState
from kwtsms_bot.bridge.store.bundle import NOTIFICATIONS_LOCK
from kwtsms_bot.bridge.store.intake import INTAKE_LOCK, database_time
from kwtsms_bot.bridge.store.snapshot import load_snapshot, write_plan
from kwtsms_bot.database import Database
from kwtsms_bot.database.job_slots import JobSlot, claim_slot, claim_slot_within, release_slot
from kwtsms_bot.database.tables import attempt, drill, incident, notification, recipient

SOURCE = "drill"  # In place of an integration.
JOB, POSTPONED_JOB = "drill", "drill postponed"
SEVERITY = AlertSeverity.ERROR
OF_INCIDENT = (
    incident.c.ref,
    incident.c.acked_at,
    incident.c.acked_by,
    incident.c.resolved_at,
    incident.c.resolved_by,
)


class DrillRefusal(StrEnum):
    """Reason why a drill does not start."""

    CRITICAL = "critical"  # A critical incident fires.
    RUNNING = "running"
    CLAIMED = "claimed"  # The drill of this time was started before.


@dataclass(frozen=True, slots=True)
class NewDrill:
    """A drill to start; its title says until when to acknowledge."""

    receiver: Receiver
    within: timedelta
    title: Callable[[datetime], str]
    started_by: str = ""
    slot: datetime | None = None  # The time at which it was due; None: a person starts it.


class DrillStore:
    """Store of drills."""

    def __init__(self, database: Database, receivers: Mapping[str, Receiver]) -> None:
        self._database, self._receivers = database, receivers

    async def now(self) -> datetime:
        """Returns the time by the database's clock."""
        async with self._database.reading() as connection:
            return await database_time(connection, self._database)

    async def start(self, new: NewDrill) -> str | DrillRefusal:
        """Starts a drill; returns the reference of its incident, or why it does not start.

        Raises:
            DatabaseError: it was not started, or it is not known whether it was.
        """

        async def work(connection: AsyncConnection) -> str | DrillRefusal:
            await self._database.acquire_lock(connection, INTAKE_LOCK)
            now = await database_time(connection, self._database)
            if new.slot and not await claim_slot_within(connection, JOB, JobSlot(new.slot, WEEK)):
                return DrillRefusal.CLAIMED
            refusal = await _refusal(connection)
            if refusal is None:
                return await self._open(connection, new, now)
            if new.slot:
                await release_slot(connection, JOB, new.slot)
            return refusal

        return await self._database.run_transaction(work)

    async def _open(self, connection: AsyncConnection, new: NewDrill, now: datetime) -> str:
        ends_at = now + new.within
        report = make_drill_report(new.receiver, new.title(ends_at))
        snapshot = await load_snapshot(connection, [report], now)
        plan = IntakePlan(snapshot, self._receivers, make_ref=new_ref)
        plan.accept([report], now)
        (one,) = plan.new_incidents
        _close_at(plan, one, ends_at)
        await write_plan(connection, plan, now)
        await connection.execute(
            insert(drill).values(
                incident_id=one.id,
                receiver=new.receiver.name,
                started_by=new.started_by,
                started_at=now,
                ends_at=ends_at,
            )
        )
        return one.ref

    async def skip(self, slot: datetime) -> None:
        """Marks the drill of this time as done, though it was not."""
        await claim_slot(self._database, JOB, JobSlot(slot, WEEK))

    async def claim_postponement(self, slot: datetime) -> bool:
        """Whether this process is to say that the drill of this time is postponed."""
        return await claim_slot(self._database, POSTPONED_JOB, JobSlot(slot, WEEK))

    async def release_postponement(self, slot: datetime) -> None:
        """Makes the postponement unannounced again."""
        async with self._database.transaction() as connection:
            await release_slot(connection, POSTPONED_JOB, slot)

    async def settle(self) -> bool:
        """Records the progress of the drills that run; returns whether one has ended.

        Raises:
            DatabaseError: nothing was recorded.
        """
        async with self._database.reading() as connection:
            if not (await connection.execute(select(_IS_RUNNING))).scalar():
                return False
        return await self._database.run_transaction(self._settle)

    async def _settle(self, connection: AsyncConnection) -> bool:
        # An acknowledgement has this lock, too: it is before or after.
        await self._database.acquire_lock(connection, NOTIFICATIONS_LOCK)
        now = await database_time(connection, self._database)
        query = select(drill, *OF_INCIDENT).join(incident, incident.c.id == drill.c.incident_id)
        rows = (await connection.execute(query.where(drill.c.outcome.is_(None)))).all()
        has_ended = False
        for row in rows:
            one = await _with_texts(connection, row, _with_answer(row))
            states = await _states(connection, row.incident_id)
            outcome = find_outcome(one, states, now)
            has_ended = has_ended or outcome is not None
            changes = {
                "accepted_at": one.accepted_at,
                "acknowledged_at": one.acknowledged_at,
                "acknowledged_by": one.acknowledged_by or None,
                "outcome": outcome,
            }
            await connection.execute(update(drill).where(drill.c.id == row.id).values(changes))
        return has_ended

    async def latest(self, limit: int) -> Sequence[Drill]:
        """Returns the latest drills, the newest first."""
        return await self._load(limit=limit)

    async def unreported(self) -> Sequence[Drill]:
        """Returns the drills that have ended and were not reported, the oldest first."""
        ended = (drill.c.outcome.is_not(None), drill.c.reported_at.is_(None))
        return (await self._load(*ended))[::-1]

    async def last_passed_at(self) -> datetime | None:
        """Returns when the last drill that passed was acknowledged."""
        is_passed = drill.c.outcome == DrillOutcome.PASSED.value
        query = select(func.max(drill.c.acknowledged_at)).where(is_passed)
        async with self._database.reading() as connection:
            found: datetime | None = (await connection.execute(query)).scalar()
        return found

    async def claim_report(self, number: int, now: datetime) -> bool:
        """Whether this process is to report a drill."""
        async with self._database.transaction() as connection:
            claimed = await connection.execute(
                update(drill)
                .where(drill.c.id == number, drill.c.reported_at.is_(None))
                .values(reported_at=now)
            )
        return claimed.rowcount == 1

    async def release_report(self, number: int) -> None:
        """Makes a drill unreported again."""
        async with self._database.transaction() as connection:
            await connection.execute(
                update(drill).where(drill.c.id == number).values(reported_at=None)
            )

    async def _load(self, *where: Any, limit: int = 100) -> Sequence[Drill]:
        query = (
            select(drill, *OF_INCIDENT)
            .join(incident, incident.c.id == drill.c.incident_id)
            .where(*where)
            .order_by(drill.c.id.desc())
            .limit(limit)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
            return [await _with_texts(connection, row, drill_of(row)) for row in rows]


_CRITICAL_FIRES = exists().where(
    incident.c.state == IncidentState.FIRING.value,
    incident.c.severity >= int(AlertSeverity.CRITICAL),
    incident.c.kind != IncidentKind.TEST.value,
    incident.c.muted_by.is_(None),
)
_IS_RUNNING = exists().where(drill.c.outcome.is_(None))


async def _refusal(connection: AsyncConnection) -> DrillRefusal | None:
    """Returns why no drill can start now; None if one can."""
    if (await connection.execute(select(_CRITICAL_FIRES))).scalar():
        return DrillRefusal.CRITICAL
    is_running = (await connection.execute(select(_IS_RUNNING))).scalar()
    return DrillRefusal.RUNNING if is_running else None


def make_drill_report(receiver: Receiver, title: str) -> Report:
    """Returns the report of a drill, read as a tool's request would be."""
    body = {"key": SOURCE, "title": title, "severity": SEVERITY.word}
    request = WebhookRequest(json.dumps(body).encode(), {"Content-Type": "application/json"})
    (incoming,) = native.parse(request, ParseOptions()).alerts
    return Report(
        integration=SOURCE,
        incoming=replace(incoming, test=True),
        key_hash=hash_of(SOURCE),
        group_hash=None,
        severity=SEVERITY,
        receiver=receiver,
    )


def _close_at(plan: IntakePlan, one: IncidentRecord, ends_at: datetime) -> None:
    one.closes_at = ends_at
    for alert in plan.changed_alerts.values():
        alert.closes_at = ends_at


def drill_of(row: Row[Any]) -> Drill:
    """Returns the drill in a row."""
    return Drill(
        row.id,
        row.ref,
        row.receiver,
        row.started_by,
        row.started_at,
        row.ends_at,
        row.accepted_at,
        row.acknowledged_at,
        row.acknowledged_by or "",
        DrillOutcome(row.outcome) if row.outcome else None,
    )


def _with_answer(row: Row[Any]) -> Drill:
    """Returns the drill with who answered: also who resolved the incident has seen it."""
    if row.acked_at is not None:
        return replace(drill_of(row), acknowledged_at=row.acked_at, acknowledged_by=row.acked_by)
    if row.resolved_by not in (None, SOURCE, *Closing):
        at, by = row.resolved_at, row.resolved_by
        return replace(drill_of(row), acknowledged_at=at, acknowledged_by=by)
    return replace(drill_of(row), acknowledged_at=None, acknowledged_by="")


async def _with_texts(connection: AsyncConnection, row: Row[Any], one: Drill) -> Drill:
    """Returns the drill with the people it is to reach, and when kwtSMS accepted the first SMS."""
    query = (
        select(notification.c.contact, notification.c.reason, attempt.c.accepted_at)
        .outerjoin(recipient, recipient.c.id == notification.c.recipient_id)
        .outerjoin(attempt, attempt.c.id == recipient.c.attempt_id)
        .where(notification.c.incident_id == row.incident_id)
        .order_by(notification.c.id)
    )
    rows = (await connection.execute(query)).all()
    accepted = [each.accepted_at for each in rows if each.accepted_at is not None]
    return replace(
        one,
        people=tuple(dict.fromkeys(each.contact for each in rows)),
        accepted_at=min([*accepted, *filter(None, [one.accepted_at])], default=None),
        deferral=next((each.reason for each in rows if each.reason), ""),
    )


async def _states(connection: AsyncConnection, incident_id: int) -> Collection[NotificationState]:
    query = select(notification.c.state).where(notification.c.incident_id == incident_id)
    found = (await connection.execute(query)).scalars()
    return [NotificationState(one) for one in found]
