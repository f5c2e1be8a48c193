"""Where notices are still to go, and which replica brings one there.

A delivery belongs to one replica while it is under way: two of them would post it twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.alerts.balance import Kind, Level, Notice
from kwtsms_bot.alerts.facts import Facts
from kwtsms_bot.alerts.store.base import Base
from kwtsms_bot.database.columns import later
from kwtsms_bot.database.tables import alert, alert_delivery

TAKING = timedelta(minutes=2)  # Longer than Slack and mail servers take; then another does it.


@dataclass(frozen=True, slots=True)
class Pending:
    """A notice that a target has not got yet."""

    alert: int
    target: str
    notice: Notice
    at: datetime


class Delivering(Base):
    """The couriers' questions."""

    async def pending(self, target: str, limit: int = 50) -> tuple[Pending, ...]:
        """What is still to go there and in nobody's hands, oldest first."""
        query = (
            select(alert, alert_delivery.c.target)
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

    async def not_delivered(self, pending: Pending) -> None:
        """It did not get there: whoever comes next may try."""
        async with self.database.transaction() as connection:
            await connection.execute(
                update(alert_delivery).where(*_this(pending)).values(taking_until=None)
            )

    async def delivered(self, pending: Pending) -> None:
        """This target has it."""
        async with self.database.transaction() as connection:
            await connection.execute(delete(alert_delivery).where(*_this(pending)))

    def _free(self) -> ColumnElement[bool]:
        """In nobody's hands; a clock that went back holds no notice for long."""
        now, until = self.database.now_expression, alert_delivery.c.taking_until
        return or_(until.is_(None), until <= now, until > later(now, TAKING))


def _this(pending: Pending) -> list[ColumnElement[bool]]:
    return [
        alert_delivery.c.alert_id == pending.alert,
        alert_delivery.c.target == pending.target,
    ]
