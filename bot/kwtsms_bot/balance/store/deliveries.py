"""Statements on pending deliveries of notices, and their leases.

A delivery is leased to one replica while it is under way: two of them would post it twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.balance.details import NoticeDetails
from kwtsms_bot.balance.rules import BalanceLevel, BalanceNotice, NoticeKind
from kwtsms_bot.database import Database
from kwtsms_bot.database.claims import ExpiringClaim
from kwtsms_bot.database.tables import balance_notice, notice_delivery

# A longer delivery renews it (`extend_lease`); after a crash, another replica claims the delivery.
LEASE = timedelta(minutes=2)
CLAIM = ExpiringClaim(notice_delivery.c.claimed_until, LEASE)


@dataclass(frozen=True, slots=True)
class PendingNotice:
    """A notice that a target has not got yet."""

    notice_id: int
    target: str
    notice: BalanceNotice
    at: datetime
    admins_notified: bool = False  # Directly, as the target had refused it.


class NoticeStore:
    """The statements of the notifiers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_pending(self, target: str, limit: int = 50) -> tuple[PendingNotice, ...]:
        """Returns the notices for `target` that no replica has claimed, oldest first."""
        now = self._database.now_expression
        query = (
            select(balance_notice, notice_delivery.c.target, notice_delivery.c.admins_notified)
            .join_from(notice_delivery, balance_notice)
            .where(notice_delivery.c.target == target, CLAIM.is_free(now))
            .order_by(balance_notice.c.id)
            .limit(limit)
        )
        async with self._database.reading() as connection:
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
                    NoticeDetails.from_json(row.details),
                ),
                row.at,
                row.admins_notified,
            )
            for row in rows
        )

    async def claim(self, pending: PendingNotice) -> bool:
        """Claims a delivery; returns False if another replica has it or has made it."""
        now = self._database.now_expression
        statement = CLAIM.claim(now, *_is_delivery(pending), CLAIM.is_free(now))

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(statement)).rowcount == 1

        return await self._database.run_transaction(work)

    async def extend_lease(self, pending: PendingNotice) -> None:
        """Renews the lease of a delivery that is still under way."""
        await self._update(pending, claimed_until=CLAIM.expiry(self._database.now_expression))

    async def release(self, pending: PendingNotice) -> None:
        """Releases a delivery that failed, so that any replica may retry it."""
        await self._update(pending, claimed_until=None)

    async def record_refusal(self, pending: PendingNotice) -> None:
        """Releases a delivery that was refused, and records that administrators were notified."""
        await self._update(pending, claimed_until=None, admins_notified=True)

    async def _update(self, pending: PendingNotice, **changes: Any) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(
                update(notice_delivery).where(*_is_delivery(pending)).values(**changes)
            )

    async def record_delivery(self, pending: PendingNotice) -> None:
        """Removes a delivery that has reached its target."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(notice_delivery).where(*_is_delivery(pending)))

    async def count_undelivered(self) -> int:
        """Returns the number of pending deliveries: one for each notice and target."""
        query = select(func.count()).select_from(notice_delivery)
        async with self._database.reading() as connection:
            return int((await connection.execute(query)).scalar_one())


def _is_delivery(pending: PendingNotice) -> list[ColumnElement[bool]]:
    return [
        notice_delivery.c.notice_id == pending.notice_id,
        notice_delivery.c.target == pending.target,
    ]
