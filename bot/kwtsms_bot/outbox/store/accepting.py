"""Into the outbox: a message, its recipients and its key, in one transaction or not at all."""

import secrets
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import AlreadyThere
from kwtsms_bot.database.columns import inserted_id
from kwtsms_bot.database.tables import dedupe, message, recipient
from kwtsms_bot.outbox.limits import UNLIMITED, Allowance
from kwtsms_bot.outbox.message import DedupeKey, Message, NewMessage, State
from kwtsms_bot.outbox.store.audit import AuditEntry, note
from kwtsms_bot.outbox.store.base import Base, load
from kwtsms_bot.outbox.store.switches import refuse_while_paused
from kwtsms_bot.outbox.store.usage import spend
from kwtsms_client import mask

REF_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # None that is mistaken for another.
REF_LENGTH = 7
ACCEPTING = "accepting"  # Limits hold only where one accepts after the other.


class KeyReused(Exception):
    """The same key came with another content: it is not the same request."""


class Accepted:
    """What was accepted, and whether it is new or was accepted before."""

    __slots__ = ("fresh", "message")

    def __init__(self, message: Message, *, fresh: bool) -> None:
        self.message = message
        self.fresh = fresh


class Accepting(Base):
    """The door."""

    async def accept(
        self, new: NewMessage, now: datetime, allowance: Allowance = UNLIMITED
    ) -> Accepted:
        """Makes `new` durable; once this returns, it is not lost.

        Raises:
            KeyReused: the key is known, with another content.
            OverLimit: it would be more than is allowed.
            Paused: nothing is taken for the time being.
            DatabaseTrouble: nothing was accepted.
        """
        try:
            async with self.database.transaction() as connection:
                await self.database.one_at_a_time(connection, ACCEPTING)
                known = await _known(connection, new)
                if known is not None:
                    return Accepted(known, fresh=False)
                return Accepted(await admit(connection, new, now, allowance), fresh=True)
        except AlreadyThere:  # Another replica was a moment faster.
            async with self.database.reading() as connection:
                known = await _known(connection, new)
            if known is None:
                raise
            return Accepted(known, fresh=False)

    async def accepted_as(self, key: DedupeKey) -> Message | None:
        """What was accepted under this key."""
        query = select(dedupe.c.message_id).where(
            dedupe.c.scope == key.scope, dedupe.c.key == key.key
        )
        async with self.database.reading() as connection:
            found = (await connection.execute(query)).scalar()
            return await load(connection, message.c.id == found) if found else None

    async def consume(self, key: DedupeKey, now: datetime) -> bool:
        """Uses up a one-time key; only the first who asks gets True."""
        try:
            async with self.database.transaction() as connection:
                await connection.execute(
                    insert(dedupe).values(
                        scope=key.scope, key=key.key, content_hash="", created_at=now
                    )
                )
        except AlreadyThere:
            return False
        return True


async def _known(connection: AsyncConnection, new: NewMessage) -> Message | None:
    """What was accepted under the same key."""
    if new.key is None:
        return None
    query = select(dedupe).where(dedupe.c.scope == new.key.scope, dedupe.c.key == new.key.key)
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    if row.content_hash != new.content_hash:
        raise KeyReused(f"{new.key.scope}: the key was used for another message")
    return await load(connection, message.c.id == row.message_id)


async def admit(
    connection: AsyncConnection, new: NewMessage, now: datetime, allowance: Allowance
) -> Message:
    """Writes the message, its recipients and its key, if it is allowed now.

    Raises:
        OverLimit, Paused: it is not; the transaction is to be rolled back.
    """
    await refuse_while_paused(connection)
    await spend(connection, new, now, allowance)
    message_id = await _insert_message(connection, new, now)
    if new.key is not None:
        await connection.execute(
            insert(dedupe).values(
                scope=new.key.scope,
                key=new.key.key,
                content_hash=new.content_hash,
                message_id=message_id,
                created_at=now,
            )
        )
    made = await load(connection, message.c.id == message_id)
    assert made is not None  # noqa: S101 - it was inserted in this transaction.
    await note(connection, _allowed(made))
    return made


def _allowed(made: Message) -> AuditEntry:
    """Its line in the ledger, in the same transaction: neither is there without the other."""
    first = ", ".join(mask(one.phone) for one in made.recipients[:3])
    detail = f"{len(made.recipients)} to {first}"
    return AuditEntry(made.created_at, made.author, "send", "allowed", made.ref, detail)


async def _insert_message(connection: AsyncConnection, new: NewMessage, now: datetime) -> int:
    inserted = await connection.execute(
        insert(message).values(
            ref=new_ref(),
            source=new.source,
            author=new.author,
            team=new.team,
            text=new.text,
            text_hash=new.text_hash,
            sender_id=new.sender_id,
            priority=int(new.priority),
            pages=new.pages,
            test=new.test,
            created_at=now,
            expires_at=new.expires_at,
            revision=1,
            shown_revision=0 if new.place else 1,
            place_channel=new.place.channel if new.place else None,
            place_ts=new.place.ts if new.place else None,
        )
    )
    message_id = inserted_id(inserted)
    row = {
        "message_id": message_id,
        "state": State.QUEUED.value,
        "priority": int(new.priority),
        "due_at": now,
        "tries": 0,
        "updated_at": now,
    }
    await connection.execute(insert(recipient), [{**row, "phone": one} for one in new.recipients])
    return message_id


def new_ref() -> str:
    """A short name for a message that can be read out over the phone."""
    return "M" + "".join(secrets.choice(REF_LETTERS) for _ in range(REF_LENGTH))
