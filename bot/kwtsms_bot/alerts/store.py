"""Every SQL statement of the alerts: balances seen, notices made, and where they are still to go.

A notice and its way to each target are one transaction, so a crash neither loses nor repeats it; a
row of `alert_delivery` goes when its target has it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import delete, insert, select

from kwtsms_bot.alerts.balance import Kind, Level, Notice, Told
from kwtsms_bot.alerts.outlook import Sample
from kwtsms_bot.database import AlreadyThere, Database
from kwtsms_bot.database.columns import inserted_id
from kwtsms_bot.database.tables import alert, alert_delivery, balance_sample, tick


@dataclass(frozen=True, slots=True)
class Pending:
    """A notice that a target has not got yet."""

    alert: int
    target: str
    notice: Notice
    at: datetime


class AlertStore:
    """The alerts in their database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_tick(self, job: str, slot: str) -> bool:
        """Whether this process is the one that runs `job` in `slot`."""
        try:
            async with self._database.transaction() as connection:
                await connection.execute(insert(tick).values(job=job, slot=slot))
        except AlreadyThere:
            return False
        return True

    async def told(self) -> Told | None:
        """What people were told last."""
        query = select(alert).order_by(alert.c.id.desc()).limit(1)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
        return Told(Level(row.level), row.at) if row else None

    async def record(
        self, available: Decimal, notice: Notice | None, targets: Iterable[str], at: datetime
    ) -> None:
        """Keeps the balance, and with it the notice that follows from it, on its way to all."""
        async with self._database.transaction() as connection:
            await connection.execute(insert(balance_sample).values(at=at, available=available))
            if notice is None:
                return
            made = await connection.execute(
                insert(alert).values(
                    kind=notice.kind.value,
                    level=notice.level.value,
                    available=notice.available,
                    threshold=notice.threshold,
                    at=at,
                )
            )
            rows = [{"alert_id": inserted_id(made), "target": one} for one in targets]
            if rows:
                await connection.execute(insert(alert_delivery), rows)

    async def samples(self, since: datetime) -> tuple[Sample, ...]:
        """The balances seen since then, oldest first."""
        query = (
            select(balance_sample)
            .where(balance_sample.c.at >= since)
            .order_by(balance_sample.c.at, balance_sample.c.id)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(Sample(row.at, row.available) for row in rows)

    async def pending(self, targets: Iterable[str], limit: int = 50) -> tuple[Pending, ...]:
        """What is still to be delivered to these targets, oldest first."""
        query = (
            select(alert, alert_delivery.c.target)
            .join_from(alert_delivery, alert)
            .where(alert_delivery.c.target.in_(list(targets)))
            .order_by(alert.c.id)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Pending(
                row.id,
                row.target,
                Notice(Kind(row.kind), Level(row.level), row.available, row.threshold),
                row.at,
            )
            for row in rows
        )

    async def delivered(self, pending: Pending) -> None:
        """This target has it."""
        async with self._database.transaction() as connection:
            await connection.execute(
                delete(alert_delivery).where(
                    alert_delivery.c.alert_id == pending.alert,
                    alert_delivery.c.target == pending.target,
                )
            )
