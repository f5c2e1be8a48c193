"""What the store modules of the alerts share: the database, and rows made facts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.balance.rules import LEVEL_KINDS, BalanceNotice, NoticeKind
from kwtsms_bot.balance.samples import Sample
from kwtsms_bot.database import Database
from kwtsms_bot.database.column_types import inserted_id
from kwtsms_bot.database.tables import alert, alert_delivery, balance_sample


class BalanceStoreBase:
    """Holds the database; its subclasses hold the statements."""

    def __init__(self, database: Database) -> None:
        self.database = database


async def enqueue_notice(
    connection: AsyncConnection, notice: BalanceNotice, targets: Iterable[str], at: datetime
) -> None:
    """Writes a notice down, on its way to all targets; what it makes stale is not delivered.

    So after an outage nobody gets the digests and reminders of a week at once. A crossing is
    always told. A place that is named twice is told once.
    """
    outdated = NoticeKind.REMINDER if notice.kind in LEVEL_KINDS else notice.kind
    stale = select(alert.c.id).where(alert.c.kind == outdated.value)
    await connection.execute(delete(alert_delivery).where(alert_delivery.c.alert_id.in_(stale)))
    made = await connection.execute(
        insert(alert).values(
            kind=notice.kind.value,
            level=notice.level.value,
            available=notice.available,
            threshold=notice.threshold,
            at=at,
            facts=notice.details.to_json(),
        )
    )
    notice_id = inserted_id(made)
    rows = [
        {"alert_id": notice_id, "target": one, "told_instead": False}
        for one in dict.fromkeys(targets)
    ]
    if rows:
        await connection.execute(insert(alert_delivery), rows)


async def drop_removed_targets(connection: AsyncConnection, targets: Sequence[str]) -> bool:
    """Takes notices off their way to places that are configured no more.

    Whether the last warning was among them: somebody has mended a place that it never reached.
    """
    removed = alert_delivery.c.target.not_in(targets)
    newest = await newest_notice(connection, LEVEL_KINDS)
    notice_id = newest.id if newest else None
    query = select(alert_delivery.c.alert_id).where(removed, alert_delivery.c.alert_id == notice_id)
    was_pending = (await connection.execute(query.limit(1))).first() is not None
    await connection.execute(delete(alert_delivery).where(removed))
    return was_pending


async def newest_notice(
    connection: AsyncConnection, kinds: Iterable[NoticeKind]
) -> Row[Any] | None:
    """What people were told last, of these kinds."""
    named = alert.c.kind.in_([kind.value for kind in kinds])
    return (
        await connection.execute(select(alert).where(named).order_by(alert.c.id.desc()).limit(1))
    ).first()


async def newest_sample(connection: AsyncConnection) -> Row[Any] | None:
    """The newest row of `balance_sample`."""
    query = select(balance_sample).order_by(balance_sample.c.id.desc()).limit(1)
    return (await connection.execute(query)).first()


async def samples_since(connection: AsyncConnection, since: datetime) -> tuple[Sample, ...]:
    """The balances seen since then, oldest first."""
    query = (
        select(balance_sample)
        .where(balance_sample.c.at >= since)
        .order_by(balance_sample.c.at, balance_sample.c.id)
    )
    return tuple(as_sample(row) for row in await connection.execute(query))


def as_sample(row: Row[Any]) -> Sample:
    """A row of `balance_sample` as a fact."""
    if row.ours is None:
        return Sample(row.at, row.available)
    return Sample(row.at, row.available, row.ours, row.unsure)
