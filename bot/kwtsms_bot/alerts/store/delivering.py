"""Where notices are still to go, and which replica brings one there.

A delivery belongs to one replica while it is under way: two of them would post it twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.alerts.balance import Kind, Level, Notice
from kwtsms_bot.alerts.facts import Facts
from kwtsms_bot.alerts.store.base import Base
from kwtsms_bot.database.columns import later
from kwtsms_bot.database.tables import alert, alert_delivery

# Whoever takes longer says so in between (`hold`); from somebody who is gone, another takes over.
TAKING = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Pending:
    """A notice that a target has not got yet."""

    alert: int
    target: str
    notice: Notice
    at: datetime
    told_instead: bool = False  # It was refused there before, and people were told directly.


class Delivering(Base):
    """The couriers' questions."""

    async def pending(self, target: str, limit: int = 50) -> tuple[Pending, ...]:
        """What is still to go there and in nobody's hands, oldest first."""
        query = (
            select(alert, alert_delivery.c.target, alert_delivery.c.told_instead)
            .join_from(alert_delivery, alert)
            .where(alert_delivery.c.target == target, self._free())
            .order_by(alert.c.id)
            .limit(limit)
        )
        async with self.database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Pending(
                row.id,
                row.target,
                Notice(
                    Kind(row.kind),
                    Level(row.level),
                    row.available,
                    row.threshold,
                    Facts.read(row.facts),
                ),
                row.at,
                row.told_instead,
            )
            for row in rows
        )

    async def take(self, pending: Pending) -> bool:
        """Whether it is ours to deliver; False: another replica is at it, or has done it."""
        mine = (
            update(alert_delivery)
            .where(*_this(pending), self._free())
            .values(taking_until=later(self.database.now_expression, TAKING))
        )

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(mine)).rowcount == 1

        return await self.database.at_once(work)

    async def hold(self, pending: Pending) -> None:
        """We are still at it."""
        until = later(self.database.now_expression, TAKING)
        await self._change(pending, taking_until=until)

    async def not_delivered(self, pending: Pending) -> None:
        """It did not get there: whoever comes next may try."""
        await self._change(pending, taking_until=None)

    async def refused(self, pending: Pending) -> None:
        """It is not taken there, and people were told directly: not again if it is tried again."""
        await self._change(pending, taking_until=None, told_instead=True)

    async def _change(self, pending: Pending, **changes: Any) -> None:
        async with self.database.transaction() as connection:
            await connection.execute(
                update(alert_delivery).where(*_this(pending)).values(**changes)
            )

    async def delivered(self, pending: Pending) -> None:
        """This target has it."""
        async with self.database.transaction() as connection:
            await connection.execute(delete(alert_delivery).where(*_this(pending)))

    async def undelivered(self) -> int:
        """How many notices have not got to a place yet, each counted for each place."""
        query = select(func.count()).select_from(alert_delivery)
        async with self.database.reading() as connection:
            return int((await connection.execute(query)).scalar_one())

    def _free(self) -> ColumnElement[bool]:
        """In nobody's hands; a clock that went back holds no notice for long."""
        now, until = self.database.now_expression, alert_delivery.c.taking_until
        return or_(until.is_(None), until <= now, until > later(now, TAKING))


def _this(pending: Pending) -> list[ColumnElement[bool]]:
    return [
        alert_delivery.c.alert_id == pending.alert,
        alert_delivery.c.target == pending.target,
    ]
