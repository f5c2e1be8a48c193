"""Ends the alerts whose time is up, and those that were not reported again for a week.

It is part of a pass of the bundler, by the database's clock. An alert is forgotten only while its
integration reports others: a tool that is silent as a whole says nothing about its alerts.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.intake_plan import IntakePlan
from kwtsms_bot.bridge.references import new_ref
from kwtsms_bot.bridge.reports import Snapshot
from kwtsms_bot.bridge.states import Closing
from kwtsms_bot.bridge.store.rows import alert_of
from kwtsms_bot.bridge.store.snapshot import lock_incidents, write_plan
from kwtsms_bot.database.tables import alert, integration_state

MAX_ALERTS = 500  # Of a pass.
ALIVE_WITHIN = timedelta(days=1)  # Since the integration's last request.
RECHECK_AFTER = timedelta(hours=1)  # Whether a silent integration is alive again.


def has_due_end(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Returns the condition that any alert's time is up."""
    is_closed = exists().where(alert.c.closes_at <= now)
    return or_(is_closed, exists().where(alert.c.expires_at <= now))


async def end_due_alerts(connection: AsyncConnection, now: datetime) -> None:
    """Ends the alerts whose time is up, and their incidents with the last of them."""
    closed = select(alert).where(alert.c.closes_at <= now).order_by(alert.c.id).limit(MAX_ALERTS)
    rows = (await connection.execute(closed)).all()
    await end_alerts(connection, rows, now, by=Closing.BY_ITSELF)
    expired = select(alert).where(alert.c.expires_at <= now).order_by(alert.c.id).limit(MAX_ALERTS)
    rows = (await connection.execute(expired)).all()
    if not rows:
        return
    alive = await _alive_integrations(connection, {row.integration for row in rows}, now)
    forgotten = [row for row in rows if row.integration in alive]
    await end_alerts(connection, forgotten, now, by=Closing.FORGOTTEN)
    kept = [row.id for row in rows if row.integration not in alive]
    later = update(alert).where(alert.c.id.in_(kept)).values(expires_at=now + RECHECK_AFTER)
    await connection.execute(later)


async def _alive_integrations(
    connection: AsyncConnection, names: Collection[str], now: datetime
) -> frozenset[str]:
    """Returns which of these integrations have sent a request lately."""
    query = select(integration_state.c.name).where(
        integration_state.c.name.in_(names), integration_state.c.last_at > now - ALIVE_WITHIN
    )
    return frozenset((await connection.execute(query)).scalars())


async def end_alerts(
    connection: AsyncConnection, rows: Sequence[Row[Any]], now: datetime, *, by: Closing
) -> None:
    """Ends the alerts in these rows, for this reason."""
    if not rows:
        return
    incidents = await lock_incidents(
        connection, {row.incident_id for row in rows if row.incident_id}
    )
    alerts = {(row.integration, row.key_hash): alert_of(row, incidents) for row in rows}
    plan = IntakePlan(Snapshot(alerts, {}, {}, {}, {}), {}, make_ref=new_ref)
    for one in tuple(alerts.values()):
        plan.end(one, now, now, by=by)
    await write_plan(connection, plan, now)
