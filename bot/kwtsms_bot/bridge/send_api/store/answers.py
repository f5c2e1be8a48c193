"""Remembered answers: a request with a key that was used gets the first answer again."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.send_api.body import RequestKey
from kwtsms_bot.bridge.send_api.errors import ApiError, ErrorCode
from kwtsms_bot.bridge.send_api.terms import ApiTerms
from kwtsms_bot.database.tables import request_key
from kwtsms_bot.outbox.retention.request_keys import KEY_LASTS


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer that is durable; `replayed` if an earlier request got it first."""

    status: int
    content: dict[str, Any] = field(repr=False)
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A request of an application: its terms, its key, when it came, and its ID in the log."""

    terms: ApiTerms
    at: datetime
    id: str
    key: RequestKey | None = None


async def replay(connection: AsyncConnection, call: ApiCall) -> StoredAnswer | None:
    """Returns what was answered to the request's key; None if it is new.

    Raises:
        ApiError: it was used for another request.
    """
    if call.key is None:
        return None
    own = (request_key.c.scope == call.terms.author) & (request_key.c.key_hash == call.key.key_hash)
    row = (await connection.execute(select(request_key).where(own))).first()
    if row is None:
        return None
    if row.created_at <= call.at - KEY_LASTS:
        await connection.execute(delete(request_key).where(own))
        return None
    # Without a hash (an erasure cleared it), the key alone identifies the request.
    if row.body_hash not in ("", call.key.body_hash):
        raise ApiError(ErrorCode.IDEMPOTENCY_CONFLICT)
    return StoredAnswer(row.status, row.answer, replayed=True)


async def remember(connection: AsyncConnection, call: ApiCall, answer: StoredAnswer) -> None:
    """Stores an answer under the key of its request, if it has one."""
    if call.key is None:
        return
    await connection.execute(
        insert(request_key).values(
            scope=call.terms.author,
            key_hash=call.key.key_hash,
            body_hash=call.key.body_hash,
            status=answer.status,
            answer=answer.content,
            created_at=call.at,
        )
    )
