"""Counts incidents and notifications for /metrics."""

from sqlalchemy import func, select

from kwtsms_bot.bridge.bundling import DeferralReason
from kwtsms_bot.bridge.notification_rules import NIGHT
from kwtsms_bot.bridge.states import IncidentState, NotificationState
from kwtsms_bot.bridge.store.intake import database_time
from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import incident, notification
from kwtsms_bot.monitoring.bridge_metrics import BridgeFigures

SETTLING = "settling"  # Nothing holds it: its time has not come, or comes now.
IS_WAITING = notification.c.state == NotificationState.WAITING.value


async def count_figures(database: Database) -> BridgeFigures:
    """Returns the figures of the bridge.

    Raises:
        DatabaseError: the database does not answer.
    """
    by_state = select(incident.c.state, func.count()).group_by(incident.c.state)
    by_reason = (
        select(notification.c.reason, func.count())
        .where(IS_WAITING)
        .group_by(notification.c.reason)
    )
    async with database.reading() as connection:
        states = {state: count for state, count in await connection.execute(by_state)}  # noqa: C416 - Rows.
        reasons = {reason or SETTLING: n for reason, n in await connection.execute(by_reason)}
        is_muted = incident.c.muted_by.is_not(None)
        muted = await connection.scalar(select(func.count()).select_from(incident).where(is_muted))
        now = await database_time(connection, database)
        first = await connection.scalar(select(func.min(notification.c.due_at)).where(IS_WAITING))
    return BridgeFigures(
        {one.value: states.get(one.value, 0) for one in IncidentState},
        {one: reasons.get(one, 0) for one in (SETTLING, NIGHT, *DeferralReason)},
        max(0.0, (now - first).total_seconds()) if first else 0.0,
        muted or 0,
    )
