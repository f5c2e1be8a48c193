"""Statements on notices and samples that the balance stores share. Takes a connection."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.balance.rules import ALERT_KINDS, LEVEL_KINDS, BalanceNotice, NoticeKind
from kwtsms_bot.balance.samples import Sample
from kwtsms_bot.database.column_types import inserted_id
from kwtsms_bot.database.tables import balance_notice, balance_sample, notice_delivery


async def enqueue_notice(
    connection: AsyncConnection, notice: BalanceNotice, targets: Iterable[str], at: datetime
) -> None:
    """Writes a notice and its deliveries to all targets; cancels deliveries that it makes outdated.

    So the digests and reminders of a week do not all arrive after an outage. A crossing is always
    delivered. A target that is named twice gets one delivery.
    """
    outdated = NoticeKind.REMINDER if notice.kind in LEVEL_KINDS else notice.kind
    stale = select(balance_notice.c.id).where(balance_notice.c.kind == outdated.value)
    await connection.execute(delete(notice_delivery).where(notice_delivery.c.notice_id.in_(stale)))
    made = await connection.execute(
        insert(balance_notice).values(
            kind=notice.kind.value,
            level=notice.level.value,
            available=notice.available,
            threshold=notice.threshold,
            at=at,
            details=notice.details.to_json(),
        )
    )
    notice_id = inserted_id(made)
    rows = [
        {"notice_id": notice_id, "target": one, "admins_notified": False}
        for one in dict.fromkeys(targets)
    ]
    if rows:
        await connection.execute(insert(notice_delivery), rows)


async def drop_removed_targets(connection: AsyncConnection, targets: Sequence[str]) -> bool:
    """Deletes deliveries to targets that are no longer configured; alerts have their own targets.

    Returns whether the last notice about the level was among them: its target has been corrected,
    so the warning is due again.
    """
    about_alerts = select(balance_notice.c.id).where(
        balance_notice.c.kind.in_([kind.value for kind in ALERT_KINDS])
    )
    removed = and_(
        notice_delivery.c.target.not_in(targets), notice_delivery.c.notice_id.not_in(about_alerts)
    )
    newest = await newest_notice(connection, LEVEL_KINDS)
    notice_id = newest.id if newest else None
    query = select(notice_delivery.c.notice_id).where(
        removed, notice_delivery.c.notice_id == notice_id
    )
    was_pending = (await connection.execute(query.limit(1))).first() is not None
    await connection.execute(delete(notice_delivery).where(removed))
    return was_pending


async def newest_notice(
    connection: AsyncConnection, kinds: Iterable[NoticeKind]
) -> Row[Any] | None:
    """Returns the newest notice of these kinds."""
    named = balance_notice.c.kind.in_([kind.value for kind in kinds])
    return (
        await connection.execute(
            select(balance_notice).where(named).order_by(balance_notice.c.id.desc()).limit(1)
        )
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
    """Converts a row of `balance_sample`."""
    if row.ours is None:
        return Sample(row.at, row.available)
    return Sample(row.at, row.available, row.ours, row.unsure)
