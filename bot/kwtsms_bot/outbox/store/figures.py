"""The outbox in figures, for those who watch it. Changes nothing; names no number, no person."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import (
    attempt,
    balance_sample,
    message,
    recipient,
    switch,
    tick,
)
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.store.base import Base
from kwtsms_bot.outbox.store.holding import hold_of
from kwtsms_bot.outbox.store.switches import PAUSED

LATELY = 100  # Of the newest calls, when one is looked for that told the balance.
PROOF = "proof"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits to be sent; without messages to many while they rest."""

    oldest: datetime | None  # When the message was accepted that waits the longest.
    paused: bool
    held_since: datetime | None = None  # None: it is not held.


class Figures(Base):
    """The questions."""

    async def waiting(self) -> Waiting:
        """Reads an index of what is queued, and nothing else; also what is put off is waiting."""
        queued = recipient.c.state == State.QUEUED.value
        first = func.min(recipient.c.id + 0)  # Not by the primary key: what is over stands first.
        async with self.database.reading() as connection:
            found = [
                (
                    await connection.execute(
                        select(first).where(queued, recipient.c.priority == int(priority))
                    )
                ).scalar()
                for priority in self.going
            ]
            paused = await connection.execute(select(switch.c.name).where(switch.c.name == PAUSED))
            ids = [one for one in found if one is not None]
            accepted = select(func.min(message.c.created_at)).join_from(message, recipient)
            oldest = await connection.execute(accepted.where(recipient.c.id.in_(ids)))
            return Waiting(
                oldest=oldest.scalar(),
                paused=paused.first() is not None,
                held_since=(await hold_of(connection)).since,
            )

    async def prove_writing(self) -> None:
        """Commits a row and its end: a full disk, or a standby, lets itself be read.

        Raises:
            DatabaseTrouble: nothing can be written.
        """
        mine = {"job": PROOF, "slot": secrets.token_hex(16)}

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(insert(tick).values(mine))
            await connection.execute(delete(tick).filter_by(**mine))

        await self.database.at_once(work)

    async def recipients(self) -> Mapping[State, int]:
        """How many recipients are in each state, those that are in none included."""
        query = select(recipient.c.state, func.count()).group_by(recipient.c.state)
        async with self.database.reading() as connection:
            rows = (await connection.execute(query)).all()
        found = {State(state): count for state, count in rows}
        return {state: found.get(state, 0) for state in State}

    async def balance(self) -> Decimal | None:
        """What the gateway said last about the credits, to a call or to the balance watch."""
        newest = (
            select(attempt.c.balance_after, attempt.c.settled_at)
            .order_by(attempt.c.id.desc())
            .limit(LATELY)
        )
        sample = select(balance_sample).order_by(balance_sample.c.id.desc()).limit(1)
        async with self.database.reading() as connection:
            calls = (await connection.execute(newest)).all()
            watched = (await connection.execute(sample)).first()
        told = [
            (row.settled_at, row.balance_after) for row in calls if row.balance_after is not None
        ]
        if watched is not None:
            told.append((watched.at, watched.available))
        return max(told)[1] if told else None
