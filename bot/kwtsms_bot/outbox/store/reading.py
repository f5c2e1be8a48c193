"""Out of the outbox: messages by id, and those whose card does not show what is so."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.columns import moved
from kwtsms_bot.database.tables import attempt, hot_number, message, recipient
from kwtsms_bot.outbox.message import Message, Recipient, State
from kwtsms_bot.outbox.store.base import Base, chunks
from kwtsms_bot.outbox.store.heat import is_hot
from kwtsms_bot.outbox.store.loading import as_recipient, load

PAGE = 1000  # Recipients that are read at a time.
REMEMBERED = 50  # Of a person's messages, when one is looked for that is like a new one.
_LATELY = (
    select(message.c.id)
    .where(message.c.author == bindparam("author"))
    .order_by(message.c.id.desc())
    .limit(REMEMBERED)
)
# Asked at every command, so put together once: that takes longer than to ask.
_SAID_TO = (
    select(recipient.c.phone)
    .join(message, message.c.id == recipient.c.message_id)
    .where(
        message.c.id.in_(_LATELY),
        message.c.text_hash == bindparam("text_hash"),
        message.c.created_at > bindparam("since"),
    )
)


class Reading(Base):
    """The questions."""

    async def get(self, message_id: int) -> Message | None:
        """The message with our number."""
        async with self.database.reading() as connection:
            return await load(connection, message.c.id == message_id)

    async def find(self, wanted: str) -> Message | None:
        """The message with this reference, or with this id at the gateway."""
        by_gateway = select(attempt.c.message_id).where(attempt.c.gateway_id == wanted)
        async with self.database.reading() as connection:
            found = await load(connection, message.c.ref == wanted)
            return found or await load(connection, message.c.id.in_(by_gateway))

    async def recipients(
        self,
        message_id: int,
        states: Collection[State] = tuple(State),
        *,
        after: int = 0,
        limit: int = PAGE,
    ) -> tuple[Recipient, ...]:
        """A page of a message's recipients in these states: those that follow the id `after`."""
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
        async with self.database.reading() as connection:
            return tuple(as_recipient(row) for row in await connection.execute(query))

    async def latest(self, author: str) -> Message | None:
        """What this person sent last."""
        async with self.database.reading() as connection:
            return await load(connection, message.c.author == author)

    async def recent(self, author: str | None, limit: int) -> tuple[Message, ...]:
        """The newest messages, of one person or of all; the newest first."""
        query = select(message.c.id).order_by(message.c.id.desc()).limit(limit)
        if author is not None:
            query = query.where(message.c.author == author)
        async with self.database.reading() as connection:
            ids = (await connection.execute(query)).scalars().all()
            found = [await load(connection, message.c.id == one) for one in ids]
        return tuple(one for one in found if one is not None)

    async def sent_before(
        self, author: str, text_hash: str, phones: Sequence[str], since: datetime
    ) -> bool:
        """Whether this person has sent this text to one of these numbers since then."""
        asked = {"author": author, "text_hash": text_hash, "since": since}

        async def known(connection: AsyncConnection) -> set[str]:
            return set((await connection.execute(_SAID_TO, asked)).scalars())

        return not (await self.database.read_at_once(known)).isdisjoint(phones)

    async def hot(self, phones: Sequence[str], now: datetime) -> Mapping[str, datetime]:
        """Those that were sent to just now, and when they may be sent to again."""
        found: dict[str, datetime] = {}
        until = moved(hot_number.c.until, self.clock, now).label("until")
        async with self.database.reading() as connection:
            for part in chunks(phones):
                rows = await connection.execute(
                    select(hot_number.c.phone, until).where(
                        hot_number.c.phone.in_(part), is_hot(self.clock)
                    )
                )
                found |= {row.phone: row.until for row in rows}
        return found
