"""Ends the alerts of integrations that config.yaml no longer has: nobody else will."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, and_, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.models import AlertStatus
from kwtsms_bot.bridge.states import Closing, IncidentState
from kwtsms_bot.bridge.store.ends.expiry import MAX_ALERTS, end_alerts
from kwtsms_bot.bridge.store.intake import INTAKE_LOCK, database_time
from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import alert, incident


class RemovedIntegrations:
    """Store of what is still open of integrations other than the `configured` ones."""

    def __init__(self, database: Database, configured: Collection[str]) -> None:
        self._database, self._configured = database, configured

    async def count(self) -> dict[str, int]:
        """Returns the number of open incidents of each, by its name.

        Raises:
            DatabaseError: the database can't be read.
        """
        query = (
            select(alert.c.integration, func.count(distinct(alert.c.incident_id)))
            .join(incident, incident.c.id == alert.c.incident_id)
            .where(self._is_left, incident.c.state != IncidentState.RESOLVED.value)
            .group_by(alert.c.integration)
            .order_by(alert.c.integration)
        )
        async with self._database.reading() as connection:
            return {name: count for name, count in await connection.execute(query)}  # noqa: C416 - Rows.

    async def close(self) -> int:
        """Ends their alerts, and incidents with the last of them; returns how many alerts ended.

        Raises:
            DatabaseError: not all were ended; the next time does it.
        """
        ended = 0
        while count := await self._database.run_transaction(self._close_some):
            ended += count
        return ended

    async def _close_some(self, connection: AsyncConnection) -> int:
        await self._database.acquire_lock(connection, INTAKE_LOCK)
        now = await database_time(connection, self._database)
        rows = (await connection.execute(self._left())).all()
        await end_alerts(connection, rows, now, by=Closing.INTEGRATION_REMOVED)
        return len(rows)

    def _left(self) -> Select[tuple[object, ...]]:
        return select(alert).where(self._is_left).order_by(alert.c.id).limit(MAX_ALERTS)

    @property
    def _is_left(self) -> ColumnElement[bool]:
        """The condition that an alert fires, and is not of a configured integration.

        What ends by itself, as tests do, is left alone: the bot's own sources are no integrations.
        """
        return and_(
            alert.c.status == AlertStatus.FIRING.value,
            alert.c.closes_at.is_(None),
            alert.c.integration.not_in(sorted(self._configured)),
        )
