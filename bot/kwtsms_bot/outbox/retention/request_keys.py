"""Erases the answers that the send API remembers: after a day, and one number at a request.

Answers quote numbers and texts. One number is erased from them at a request, with the text that it
got; the key stays, so that a retry still sends nothing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import api_message, request_key
from kwtsms_bot.outbox.retention.number_pattern import NumberPattern

KEY_LASTS = timedelta(hours=24)


async def erase_old_answers(database: Database, now: datetime) -> None:
    """Erases the answers of more than a day ago.

    Raises:
        DatabaseError: they are not erased; the next run goes on.
    """
    async with database.transaction() as connection:
        await connection.execute(
            delete(request_key).where(request_key.c.created_at <= now - KEY_LASTS)
        )


async def mask_in_answers(connection: AsyncConnection, pattern: NumberPattern) -> int:
    """Masks the number in remembered answers and in references; returns how many name it."""
    count = 0
    rows = await connection.execute(select(request_key).order_by(request_key.c.created_at))
    for row in rows.all():
        masked = _masked(_without_recipient(row.answer, pattern), pattern)
        if masked != row.answer:
            count += 1
            own = (request_key.c.scope == row.scope) & (request_key.c.key_hash == row.key_hash)
            # Anyone who knows the rest of the request could find the number by trying hashes.
            await connection.execute(
                update(request_key).where(own).values(answer=masked, body_hash="")
            )
    named = select(api_message).where(api_message.c.reference.is_not(None))
    for row in (await connection.execute(named)).all():
        if pattern.is_in(row.reference):
            count += 1
            own = api_message.c.message_id == row.message_id
            await connection.execute(
                update(api_message).where(own).values(reference=pattern.mask_in(row.reference))
            )
    return count


def _without_recipient(answer: Mapping[str, Any], pattern: NumberPattern) -> Mapping[str, Any]:
    """Returns the answer without the number among its recipients, and without the text they got."""
    recipients = answer.get("recipients", ())
    erased = [one | {"to": None} if pattern.is_in(one["to"] or "") else one for one in recipients]
    if erased == list(recipients):
        return answer
    return {**answer, "recipients": erased, "text": None}


def _masked(value: Any, pattern: NumberPattern) -> Any:
    if isinstance(value, dict):
        return {key: _masked(one, pattern) for key, one in value.items()}
    if isinstance(value, list):
        return [_masked(one, pattern) for one in value]
    return pattern.mask_in(value) if isinstance(value, str) else value
