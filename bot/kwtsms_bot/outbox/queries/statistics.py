"""Figures about the outbox, for monitoring. Changes nothing; names no number and no person."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import (
    attempt,
    balance_sample,
    job_slot,
    message,
    recipient,
    switch,
)
from kwtsms_bot.outbox.flow_control.breaker_store import load_breaker
from kwtsms_bot.outbox.flow_control.kill_switch import PAUSED
from kwtsms_bot.outbox.message import allowed_priorities, no_quiet_hours
from kwtsms_bot.outbox.states import State

RECENT_CALLS = 100  # Of the newest calls, among which one that reported the balance is found.
WRITE_CHECK = "proof"


@dataclass(frozen=True, slots=True)
class Backlog:
    """The queued messages; without bulk messages in quiet hours."""

    oldest: datetime | None  # When the longest waiting message was accepted.
    paused: bool
    breaker_opened_at: datetime | None = None  # None: it is closed.


class OutboxStatistics:
    """Read-only queries for metrics and readiness."""

    def __init__(
        self, database: Database, *, in_quiet_hours: Callable[[], bool] = no_quiet_hours
    ) -> None:
        self._database, self._in_quiet_hours = database, in_quiet_hours

    async def backlog(self) -> Backlog:
        """Returns the backlog, deferred messages included; reads only an index of the queue."""
        queued = recipient.c.state == State.QUEUED.value
        first = func.min(recipient.c.id + 0)  # Not by the primary key: finished ones come first.
        async with self._database.reading() as connection:
            found = [
                (
                    await connection.execute(
                        select(first).where(queued, recipient.c.priority == int(priority))
                    )
                ).scalar()
                for priority in allowed_priorities(quiet=self._in_quiet_hours())
            ]
            paused = await connection.execute(select(switch.c.name).where(switch.c.name == PAUSED))
            ids = [one for one in found if one is not None]
            accepted = select(func.min(message.c.created_at)).join_from(message, recipient)
            oldest = await connection.execute(accepted.where(recipient.c.id.in_(ids)))
            return Backlog(
                oldest=oldest.scalar(),
                paused=paused.first() is not None,
                breaker_opened_at=(await load_breaker(connection)).opened_at,
            )

    async def verify_file(self) -> None:
        """Checks that SQLite's file is still the one that the bot opened.

        Raises:
            DatabaseFileLost: it was removed, replaced or overwritten.
            DatabaseError: it cannot be read.
        """
        await self._database.verify_file()

    async def check_writable(self) -> None:
        """Inserts a row, deletes it and commits: a full disk or a standby can still be read.

        Raises:
            DatabaseError: nothing can be written.
        """
        row = {"job": WRITE_CHECK, "slot": secrets.token_hex(16)}

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(insert(job_slot).values(row))
            await connection.execute(delete(job_slot).filter_by(**row))

        await self._database.run_transaction(work)

    async def count_recipients(self) -> Mapping[State, int]:
        """Counts the recipients in each state, states without any included."""
        query = select(recipient.c.state, func.count()).group_by(recipient.c.state)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        found = {State(state): count for state, count in rows}
        return {state: found.get(state, 0) for state in State}

    async def last_balance(self) -> Decimal | None:
        """The balance that the gateway reported last, to a call or to the balance monitor."""
        reported = await self.last_balance_report()
        return reported[1] if reported else None

    async def last_balance_report(self) -> tuple[datetime, Decimal] | None:
        """When the gateway reported a balance last, and which."""
        newest = (
            select(attempt.c.balance_after, attempt.c.settled_at)
            .order_by(attempt.c.id.desc())
            .limit(RECENT_CALLS)
        )
        sample = select(balance_sample).order_by(balance_sample.c.id.desc()).limit(1)
        async with self._database.reading() as connection:
            calls = (await connection.execute(newest)).all()
            sampled = (await connection.execute(sample)).first()
        reported = [
            (row.settled_at, row.balance_after) for row in calls if row.balance_after is not None
        ]
        if sampled is not None:
            reported.append((sampled.at, sampled.available))
        return max(reported) if reported else None
