"""Read-only queries over messages, their recipients and cooldowns."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.column_types import shift
from kwtsms_bot.database.tables import attempt, message, number_cooldown, recipient
from kwtsms_bot.outbox.flow_control.cooldown import in_cooldown
from kwtsms_bot.outbox.message import Message, Recipient
from kwtsms_bot.outbox.queries.load import load_message
from kwtsms_bot.outbox.queries.summaries import MessageSummary, load_summaries
from kwtsms_bot.outbox.rows import as_recipient
from kwtsms_bot.outbox.sql import chunks
from kwtsms_bot.outbox.states import State

PAGE_SIZE = 1000  # Recipients that are read at a time.
RECENT_MESSAGES = 50  # Of an author, in which a duplicate of a new one is looked for.
_RECENT_IDS = (
    select(message.c.id)
    .where(message.c.author == bindparam("author"))
    .order_by(message.c.id.desc())
    .limit(RECENT_MESSAGES)
)
# Run by every command, so built once: building takes longer than running it.
_SENT_TO = (
    select(recipient.c.phone)
    .join(message, message.c.id == recipient.c.message_id)
    .where(
        message.c.id.in_(_RECENT_IDS),
        message.c.text_hash == bindparam("text_hash"),
        message.c.created_at > bindparam("since"),
    )
)


class MessageQueries:
    """Read-only queries over messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, message_id: int) -> Message | None:
        """The message with this ID of ours; None if there is none."""
        async with self._database.reading() as connection:
            return await load_message(connection, message.c.id == message_id)

    async def find(self, identifier: str) -> Message | None:
        """The message with this reference, or with this ID at the gateway."""
        by_gateway = select(attempt.c.message_id).where(attempt.c.gateway_id == identifier)
        async with self._database.reading() as connection:
            found = await load_message(connection, message.c.ref == identifier)
            return found or await load_message(connection, message.c.id.in_(by_gateway))

    async def recipients(
        self,
        message_id: int,
        states: Collection[State] = tuple(State),
        *,
        after: int = 0,
        limit: int = PAGE_SIZE,
    ) -> tuple[Recipient, ...]:
        """A page of a message's recipients in these states: those after the ID `after`."""
        query = (
            select(recipient)
            .where(
                recipient.c.message_id == message_id,
                recipient.c.id > after,
                recipient.c.state.in_([state.value for state in states]),
            )
            .order_by(recipient.c.id)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return tuple(as_recipient(row) for row in await connection.execute(query))

    async def latest(self, author: str) -> Message | None:
        """The message that this author sent last."""
        async with self._database.reading() as connection:
            return await load_message(connection, message.c.author == author)

    async def recent(self, author: str | None, limit: int) -> tuple[MessageSummary, ...]:
        """The newest messages, of one author or of all; the newest first."""
        async with self._database.reading() as connection:
            return await load_summaries(connection, author, limit)

    async def has_sent(
        self, author: str, text_hash: str, phones: Sequence[str], since: datetime
    ) -> bool:
        """Whether this author has sent this text to one of these numbers since then."""
        parameters = {"author": author, "text_hash": text_hash, "since": since}

        async def query(connection: AsyncConnection) -> set[str]:
            return set((await connection.execute(_SENT_TO, parameters)).scalars())

        return not (await self._database.run_read(query)).isdisjoint(phones)

    async def cooldowns(self, phones: Sequence[str], now: datetime) -> Mapping[str, datetime]:
        """The numbers in cooldown, and when it ends by the caller's clock, which says `now`."""
        found: dict[str, datetime] = {}
        until = shift(number_cooldown.c.until, self._database.now_expression, now).label("until")
        async with self._database.reading() as connection:
            for part in chunks(phones):
                rows = await connection.execute(
                    select(number_cooldown.c.phone, until).where(
                        number_cooldown.c.phone.in_(part),
                        in_cooldown(self._database.now_expression),
                    )
                )
                found |= {row.phone: row.until for row in rows}
        return found
