"""Where notices are still to go, and which replica brings one there.

A delivery belongs to one replica while it is under way: two of them would post it twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.balance.details import NoticeDetails
from kwtsms_bot.balance.rules import BalanceLevel, BalanceNotice, NoticeKind
from kwtsms_bot.balance.store.notices import BalanceStoreBase
from kwtsms_bot.database.column_types import add_delay
from kwtsms_bot.database.tables import alert, alert_delivery

# Whoever takes longer says so in between (`hold`); from somebody who is gone, another takes over.
LEASE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class PendingNotice:
    """A notice that a target has not got yet."""

    notice_id: int
    target: str
    notice: BalanceNotice
    at: datetime
    admins_notified: bool = False  # It was refused there before, and people were told directly.


class NoticeStore(BalanceStoreBase):
    """The couriers' questions."""

    async def list_pending(self, target: str, limit: int = 50) -> tuple[PendingNotice, ...]:
        """What is still to go there and in nobody's hands, oldest first."""
        query = (
            select(alert, alert_delivery.c.target, alert_delivery.c.told_instead)
            .join_from(alert_delivery, alert)
            .where(alert_delivery.c.target == target, self._is_unclaimed())
            .order_by(alert.c.id)
            .limit(limit)
        )
        async with self.database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            PendingNotice(
                row.id,
                row.target,
                BalanceNotice(
                    NoticeKind(row.kind),
                    BalanceLevel(row.level),
                    row.available,
                    row.threshold,
                    NoticeDetails.from_json(row.facts),
                ),
                row.at,
                row.told_instead,
            )
            for row in rows
        )

    async def claim(self, pending: PendingNotice) -> bool:
        """Whether it is ours to deliver; False: another replica is at it, or has done it."""
        statement = (
            update(alert_delivery)
            .where(*_is_delivery(pending), self._is_unclaimed())
            .values(taking_until=add_delay(self.database.now_expression, LEASE))
        )

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(statement)).rowcount == 1

        return await self.database.run_transaction(work)

    async def extend_lease(self, pending: PendingNotice) -> None:
        """We are still at it."""
        until = add_delay(self.database.now_expression, LEASE)
        await self._update(pending, taking_until=until)

    async def release(self, pending: PendingNotice) -> None:
        """It did not get there: whoever comes next may try."""
        await self._update(pending, taking_until=None)

    async def record_refusal(self, pending: PendingNotice) -> None:
        """It is not taken there, and people were told directly: not again if it is tried again."""
        await self._update(pending, taking_until=None, told_instead=True)

    async def _update(self, pending: PendingNotice, **changes: Any) -> None:
        async with self.database.transaction() as connection:
            await connection.execute(
                update(alert_delivery).where(*_is_delivery(pending)).values(**changes)
            )

    async def record_delivery(self, pending: PendingNotice) -> None:
        """This target has it."""
        async with self.database.transaction() as connection:
            await connection.execute(delete(alert_delivery).where(*_is_delivery(pending)))

    async def count_undelivered(self) -> int:
        """How many notices have not got to a place yet, each counted for each place."""
        query = select(func.count()).select_from(alert_delivery)
        async with self.database.reading() as connection:
            return int((await connection.execute(query)).scalar_one())

    def _is_unclaimed(self) -> ColumnElement[bool]:
        """In nobody's hands; a clock that went back holds no notice for long."""
        now, until = self.database.now_expression, alert_delivery.c.taking_until
        return or_(until.is_(None), until <= now, until > add_delay(now, LEASE))


def _is_delivery(pending: PendingNotice) -> list[ColumnElement[bool]]:
    return [
        alert_delivery.c.alert_id == pending.notice_id,
        alert_delivery.c.target == pending.target,
    ]
