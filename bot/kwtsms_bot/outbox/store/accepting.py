"""Into the outbox: a message, its recipients and its key, in one transaction or not at all."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import AlreadyThere, Database
from kwtsms_bot.database.columns import inserted_id
from kwtsms_bot.database.tables import dedupe, message, recipient
from kwtsms_bot.outbox.limits import UNLIMITED, Allowance, OverLimit
from kwtsms_bot.outbox.message import DedupeKey, Message, NewMessage, State
from kwtsms_bot.outbox.store.audit import accepted, note
from kwtsms_bot.outbox.store.base import Base
from kwtsms_bot.outbox.store.loading import load
from kwtsms_bot.outbox.store.switches import Paused, refuse_while_paused
from kwtsms_bot.outbox.store.usage import spend

REF_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # None that is mistaken for another.
REF_LENGTH = 7
TOGETHER = 100  # In one transaction at most.
ACCEPTING = "accepting"  # Limits hold only where one accepts after the other.


class KeyReused(Exception):
    """The same key came with another content: it is not the same request."""


class Accepted:
    """What was accepted, and whether it is new or was accepted before."""

    __slots__ = ("fresh", "message")

    def __init__(self, message: Message, *, fresh: bool) -> None:
        self.message = message
        self.fresh = fresh


@dataclass(frozen=True, slots=True)
class _Asked:
    """Somebody at the door."""

    new: NewMessage
    now: datetime
    allowance: Allowance
    answer: "asyncio.Future[Accepted]"

    def told(self, answer: "Accepted | Exception") -> None:
        """Tells them, if they are still there."""
        if self.answer.done():
            return
        if isinstance(answer, Exception):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


class Accepting(Base):
    """The door."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._waiting: list[_Asked] = []
        self._door: asyncio.Task[None] | None = None

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
        asked = _Asked(new, now, allowance, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._door is None or self._door.done():
            self._door = asyncio.create_task(self._let_in())
        return await asked.answer

    async def _let_in(self) -> None:
        """Accepts what waits, as much as there is in one transaction: they share its fsync."""
        while self._waiting:
            together, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
            try:
                await self._let_in_together(together)
            except AlreadyThere:  # Another replica was a moment faster with one of them.
                for asked in together:
                    await self._let_in_alone(asked)
            except Exception as error:  # noqa: BLE001 - Each of them is told.
                for asked in together:
                    asked.told(error)

    async def _let_in_together(self, together: "list[_Asked]") -> None:
        """Nobody hears that they were accepted before all of it is on disk."""

        async def judged(connection: AsyncConnection) -> list[Accepted | Exception]:
            await self.database.one_at_a_time(connection, ACCEPTING)
            return [await _judged(connection, asked) for asked in together]

        answers = await self.database.at_once(judged)
        for asked, answer in zip(together, answers, strict=True):
            asked.told(answer)

    async def _let_in_alone(self, asked: "_Asked") -> None:
        try:
            await self._let_in_together([asked])
        except AlreadyThere as error:
            async with self.database.reading() as connection:
                known = await _known(connection, asked.new)
            asked.told(error if known is None else Accepted(known, fresh=False))
        except Exception as error:  # noqa: BLE001 - They are told.
            asked.told(error)

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
                await use_up(connection, key, now)
        except AlreadyThere:
            return False
        return True


async def _judged(connection: AsyncConnection, asked: _Asked) -> Accepted | Exception:
    """What becomes of one of them; a refusal has written nothing."""
    try:
        known = await _known(connection, asked.new)
        if known is not None:
            return Accepted(known, fresh=False)
        made = await admit(connection, asked.new, asked.now, asked.allowance)
    except (KeyReused, OverLimit, Paused) as refusal:
        return refusal
    return Accepted(made, fresh=True)


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


async def use_up(connection: AsyncConnection, key: DedupeKey, now: datetime) -> None:
    """Raises AlreadyThere where the key was used up before."""
    await connection.execute(
        insert(dedupe).values(scope=key.scope, key=key.key, content_hash="", created_at=now)
    )


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
    await note(connection, accepted(made, new))
    return made


async def _insert_message(connection: AsyncConnection, new: NewMessage, now: datetime) -> int:
    inserted = await connection.execute(
        insert(message).values(
            ref=new_ref(),
            source=new.source,
            author=new.author,
            team=new.team,
            request=new.request[:16],
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
