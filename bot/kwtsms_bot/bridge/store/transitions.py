"""Moves notifications by the table of their states; no other code writes one's state."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.states import NOTIFICATION_TRANSITIONS, NotificationState
from kwtsms_bot.database.tables import notification
from kwtsms_bot.outbox.sql import chunks

RESTORED = "restored"  # The reason of what a restored backup was about to send.


async def move_notifications(
    connection: AsyncConnection,
    where: Sequence[ColumnElement[bool]],
    after: NotificationState,
    now: datetime,
    **changes: Any,
) -> int:
    """Moves the notifications that match `where` if that step is legal; returns how many."""
    sources = [one.value for one, targets in NOTIFICATION_TRANSITIONS.items() if after in targets]
    changed = await connection.execute(
        update(notification)
        .where(notification.c.state.in_(sources), *where)
        .values(state=after.value, updated_at=now, **changes)
    )
    return changed.rowcount


async def mark_waiting_unknown(connection: AsyncConnection, now: datetime) -> int:
    """Marks as unknown what waits or is bundled in a restored backup: it may have been sent since.

    Returns how many notifications were marked.
    """
    reason = RESTORED
    bundled = [notification.c.state == NotificationState.BUNDLED.value]
    waiting = [notification.c.state == NotificationState.WAITING.value]
    count = await move_notifications(
        connection, bundled, NotificationState.UNKNOWN, now, reason=reason
    )
    return count + await move_notifications(
        connection, waiting, NotificationState.UNKNOWN, now, reason=reason
    )


async def move_by_id(
    connection: AsyncConnection,
    ids: Sequence[int],
    after: NotificationState,
    now: datetime,
    **changes: Any,
) -> None:
    """Moves these notifications if that step is legal, in the order of their IDs."""
    for part in chunks(sorted(ids)):
        await move_notifications(connection, [notification.c.id.in_(part)], after, now, **changes)
