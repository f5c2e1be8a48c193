"""Numbers that were just sent to: the gateway refuses a whole request for one of them (ERR028)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import hot_number, recipient
from kwtsms_bot.language import marked
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.store.base import only_checked, touch

HOT = timedelta(seconds=16)  # 15 s, and a little for the two clocks.
# Further off is nothing but what a clock has written that was fast.
HOTTEST = timedelta(minutes=1)
NOT_LEFT = (State.QUEUED.value, State.CLAIMED.value)
HOT_REASON = marked("A message to this number left less than 15 seconds ago.")


async def heat(connection: AsyncConnection, phones: Sequence[str], now: datetime) -> None:
    """These numbers may not be sent to for a while."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    made = dialect.insert(hot_number)
    rows = [{"phone": phone, "until": now + HOT} for phone in phones]
    changed = {"until": made.excluded.until}
    await connection.execute(
        made.on_conflict_do_update(index_elements=["phone"], set_=changed), rows
    )


async def cool(connection: AsyncConnection, phones: Sequence[str]) -> None:
    """Nothing has reached these numbers after all."""
    await connection.execute(delete(hot_number).where(hot_number.c.phone.in_(phones)))


async def without_hot(
    connection: AsyncConnection, rows: Sequence[Row[Any]], now: datetime
) -> list[Row[Any]]:
    """Those that may be sent to now; the others are put off until they may."""
    phones = [row.phone for row in rows]
    hot = (
        await connection.execute(
            select(hot_number).where(
                hot_number.c.phone.in_(phones),
                hot_number.c.until > now,
                hot_number.c.until < now + HOTTEST,
            )
        )
    ).all()
    until = {row.phone: row.until for row in hot}
    put_off = defaultdict(list)
    for row in rows:
        if row.phone in until:
            put_off[until[row.phone]].append(row.id)
    for due_at, ids in put_off.items():  # Those of one call became hot at one time.
        await connection.execute(
            update(recipient)
            .where(recipient.c.id.in_(ids), only_checked(recipient.c.state).in_(NOT_LEFT))
            .values(due_at=due_at, reason=HOT_REASON, code=None)
        )
    await touch(connection, [row.message_id for row in rows if row.phone in until])
    return [row for row in rows if row.phone not in until]
