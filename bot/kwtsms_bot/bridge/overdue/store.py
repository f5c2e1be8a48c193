"""Opens an incident for each integration that falls silent, and ends it when it reports again.

One transaction decides by the database's clock and does it, so of several replicas one does.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.intake_plan import IntakePlan
from kwtsms_bot.bridge.overdue.silent_source import (
    OverdueChange,
    SourceState,
    find_change,
    overdue_alert,
)
from kwtsms_bot.bridge.references import new_ref
from kwtsms_bot.bridge.reports import Receiver, make_report
from kwtsms_bot.bridge.store.intake import INTAKE_LOCK, database_time
from kwtsms_bot.bridge.store.integration_states import LOCK, set_overdue
from kwtsms_bot.bridge.store.snapshot import load_snapshot, write_plan
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import integration_state


class OverdueStore:
    """Store of integrations that are overdue."""

    def __init__(
        self, database: Database, bridge: BridgeSettings, receivers: Mapping[str, Receiver]
    ) -> None:
        self._database, self._bridge, self._receivers = database, bridge, receivers

    async def now(self) -> datetime:
        """Returns the time by the database's clock."""
        async with self._database.reading() as connection:
            return await database_time(connection, self._database)

    async def by_integration(self) -> Mapping[str, bool]:
        """Returns whether each integration that is expected to report is overdue."""
        table = integration_state.c
        query = select(table.name).where(table.overdue_since.is_not(None))
        async with self._database.reading() as connection:
            overdue = frozenset((await connection.execute(query)).scalars())
        watched = (name for name, one in self._bridge.integrations.items() if one.expect)
        return {name: name in overdue for name in watched}

    async def apply_changes(self, present_since: datetime) -> Mapping[str, OverdueChange]:
        """Reports what has changed since the last time; returns it by integration.

        Raises:
            DatabaseError: nothing was changed, or it is not known whether it was.
        """
        async with self._database.reading() as connection:
            if not await self._find(connection, present_since):
                return {}

        async def apply(connection: AsyncConnection) -> Mapping[str, OverdueChange]:
            await self._database.acquire_lock(connection, INTAKE_LOCK)
            await self._database.acquire_lock(connection, LOCK)
            changes = await self._find(connection, present_since)
            await self._apply(connection, changes)
            return changes

        return await self._database.run_transaction(apply)

    async def _find(
        self, connection: AsyncConnection, present_since: datetime
    ) -> dict[str, OverdueChange]:
        now = await database_time(connection, self._database)
        table = integration_state.c
        rows = await connection.execute(select(table.name, table.last_at, table.overdue_since))
        states = {row.name: SourceState(row.last_at, row.overdue_since) for row in rows}
        found = {
            name: find_change(
                states.get(name, SourceState()),
                settings.expect,
                present_since=present_since,
                now=now,
            )
            for name, settings in self._bridge.integrations.items()
        }
        return {name: change for name, change in found.items() if change is not None}

    async def _apply(
        self, connection: AsyncConnection, changes: Mapping[str, OverdueChange]
    ) -> None:
        now = await database_time(connection, self._database)
        integrations = self._bridge.integrations
        reports = [
            make_report(
                overdue_alert(name, change, integrations[name].expect),
                name,
                self._bridge,
                self._receivers,
            )
            for name, change in changes.items()
        ]
        snapshot = await load_snapshot(connection, reports, now)
        plan = IntakePlan(snapshot, self._receivers, make_ref=new_ref)
        for report in reports:
            plan.accept([report], now)
        await write_plan(connection, plan, now)
        for name, change in changes.items():
            is_silent = change is OverdueChange.FELL_SILENT
            await set_overdue(connection, name, now if is_silent else None)
