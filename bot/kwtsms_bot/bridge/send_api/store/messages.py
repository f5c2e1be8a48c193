"""Messages of applications, as they are now."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.send_api.answer import MessageStatus, RecipientStatus
from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import api_message, message, recipient
from kwtsms_bot.outbox.states import State

MOST_LISTED = 50


class ApiMessages:
    """Queries of applications' messages, each of its own ones."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, author: str, ref: str) -> MessageStatus | None:
        """Returns an application's message; None if it has none of this ID."""
        found = await self._load((message.c.author == author) & (message.c.ref == ref))
        return next(iter(found), None)

    async def find_by_reference(self, author: str, reference: str) -> Sequence[MessageStatus]:
        """Returns an application's messages with this reference, the newest first."""
        return await self._load(
            (api_message.c.author == author) & (api_message.c.reference == reference)
        )

    async def _load(self, where: ColumnElement[bool]) -> list[MessageStatus]:
        query = (
            select(message, api_message.c.reference, api_message.c.changes)
            .join(api_message, api_message.c.message_id == message.c.id)
            .where(where)
            .order_by(message.c.id.desc())
            .limit(MOST_LISTED)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
            people = await _load_recipients(connection, [row.id for row in rows])
        return [_as_status(row, people[row.id]) for row in rows]


async def _load_recipients(
    connection: AsyncConnection, ids: Sequence[int]
) -> dict[int, list[RecipientStatus]]:
    found: dict[int, list[RecipientStatus]] = {one: [] for one in ids}
    query = select(recipient).where(recipient.c.message_id.in_(ids)).order_by(recipient.c.id)
    for row in await connection.execute(query):
        found[row.message_id].append(
            RecipientStatus(row.phone, State(row.state), row.code, row.reason)
        )
    return found


def _as_status(row: Row[Any], recipients: Sequence[RecipientStatus]) -> MessageStatus:
    return MessageStatus(
        id=row.ref,
        reference=row.reference,
        sender_id=row.sender_id,
        text=row.text,
        changes=row.changes,
        pages=row.pages,
        test=row.test,
        recipients=recipients,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
