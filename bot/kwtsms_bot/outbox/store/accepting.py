"""The door of the outbox: whoever waits there is let in together, or not at all."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import AlreadyThere, CommitLost, Database, DatabaseTrouble
from kwtsms_bot.database.tables import dedupe, message
from kwtsms_bot.outbox.admission import Request
from kwtsms_bot.outbox.limits import UNLIMITED, Allowance
from kwtsms_bot.outbox.message import DedupeKey, Message, NewMessage
from kwtsms_bot.outbox.store.admitting import (
    ACCEPTING,
    Accepted,
    AcceptedBefore,
    Answer,
    admit,
    admit_one,
)
from kwtsms_bot.outbox.store.base import Base, never
from kwtsms_bot.outbox.store.loading import load

TOGETHER = 100  # In one transaction at most.
LARGE = 200  # Recipients; a message to more is let in by itself, and keeps nobody waiting.
LOOKS_AFTER = (0.0, 0.2, 0.4, 0.8)  # Seconds; Slack waits for three.
Told = Answer | DatabaseTrouble


@dataclass(frozen=True, slots=True)
class _Asked:
    """Somebody at the door."""

    request: Request
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

    def __init__(self, database: Database, *, rests: Callable[[], bool] = never) -> None:
        super().__init__(database, rests=rests)
        self._large: set[asyncio.Task[None]] = set()
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
            SentBefore: its author has just sent it.
            CommitLost: it is not known whether it was accepted.
            DatabaseTrouble: nothing was accepted.
        """
        answer: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        asked = _Asked(Request(new, now), allowance, answer)
        if len(new.recipients) > LARGE:
            task = asyncio.create_task(self._let_in_large(asked))
            self._large.add(task)
            task.add_done_callback(self._large.discard)
            return await answer
        self._waiting.append(asked)
        if self._door is None or self._door.done():
            self._door = asyncio.create_task(self._let_in())
        return await answer

    async def _let_in(self) -> None:
        """Accepts what waits, as much as there is in one transaction: they share its fsync."""
        while self._waiting:
            together, self._waiting = _next(self._waiting)
            try:
                await self._let_in_together(together)
            except AlreadyThere:  # One of them met somebody who was a moment faster.
                for asked in together:
                    await self._let_in_alone(asked)
            except Exception as error:  # noqa: BLE001 - Each of them is told.
                for asked in together:
                    asked.told(error)

    async def _let_in_together(self, together: Sequence[_Asked]) -> None:
        """Nobody hears that they were accepted before all of it is on disk."""
        answers: list[Told] = []

        async def judge(connection: AsyncConnection) -> None:
            for allowance, asked in groupby(together, key=lambda one: one.allowance):
                requests = [one.request for one in asked]
                answers.extend(await admit(self.database, connection, requests, allowance))

        try:
            await self.database.at_once(judge)
        except CommitLost as lost:
            answers = await self._after(lost, answers)
        for asked, answer in zip(together, answers, strict=True):
            asked.told(answer)

    async def _let_in_alone(self, asked: _Asked) -> None:
        try:
            await self._let_in_together([asked])
        except Exception as error:  # noqa: BLE001 - They are told.
            asked.told(error)

    async def _let_in_large(self, asked: _Asked) -> None:
        """By itself, while others come and go."""
        answers: list[Told] = []
        try:
            async with self.database.transaction() as connection:
                request, allowance = asked.request, asked.allowance
                answers.append(await admit_one(self.database, connection, request, allowance))
        except CommitLost as lost:
            answers = await self._after(lost, answers)
        except AcceptedBefore as before:
            answers = [before.accepted]
        except Exception as error:  # noqa: BLE001 - They are told.
            asked.told(error)
        for answer in answers:
            asked.told(answer)

    async def _after(self, lost: CommitLost, answers: Sequence[Told]) -> list[Told]:
        """The same answers where the database has what they say; `lost` where it stays silent."""
        refs = [one.message.ref for one in answers if isinstance(one, Accepted)]
        for delay in LOOKS_AFTER:
            await asyncio.sleep(delay)
            try:
                there = await self._there(refs)
            except DatabaseTrouble:
                continue
            not_there = DatabaseTrouble(str(lost))
            return [_held(one, there, or_else=not_there) for one in answers]
        return [_held(one, frozenset(), or_else=lost) for one in answers]

    async def _there(self, refs: Sequence[str]) -> frozenset[str]:
        """Which of these were accepted, once nobody is at it any more: not even the dead."""
        query = select(message.c.ref).where(message.c.ref.in_(refs))
        async with self.database.reading() as connection:
            await self.database.one_at_a_time(connection, ACCEPTING)
            return frozenset((await connection.execute(query)).scalars())

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


def _next(waiting: Sequence[_Asked]) -> tuple[list[_Asked], list[_Asked]]:
    """Who is let in together now, and who waits: among them the second who comes with a key."""
    together: list[_Asked] = []
    later: list[_Asked] = []
    keys = set()
    for asked in waiting:
        key = asked.request.new.key
        if len(together) == TOGETHER or (key is not None and key in keys):
            later.append(asked)
            continue
        keys.add(key)
        together.append(asked)
    return together, later


def _held(answer: Told, there: Collection[str], *, or_else: DatabaseTrouble) -> Told:
    """A refusal wrote nothing, and holds; that something was accepted holds where it is there."""
    if isinstance(answer, Accepted) and answer.message.ref not in there:
        return or_else
    return answer


async def use_up(connection: AsyncConnection, key: DedupeKey, now: datetime) -> None:
    """Raises AlreadyThere where the key was used up before."""
    await connection.execute(
        insert(dedupe).values(scope=key.scope, key=key.key, content_hash="", created_at=now)
    )
