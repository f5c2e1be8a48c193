"""Makes a restored backup safe: what was queued in it may have been sent since.

Each recipient takes the steps of one that was in flight when its process died, and ends as unknown.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import attempt, balance_sample, draft, message, recipient
from kwtsms_bot.i18n.translator import N_
from kwtsms_bot.outbox.audit import AuditEntry, add_entries
from kwtsms_bot.outbox.sql import (
    LONGEST_LEASE,
    mark_changed,
    transition,
    transition_attempts,
)
from kwtsms_bot.outbox.states import AttemptState, State

ACTIVE_ATTEMPTS = (AttemptState.CLAIMED.value, AttemptState.IN_FLIGHT.value)
UNSENT_STATES = (State.QUEUED.value, State.CLAIMED.value, State.IN_FLIGHT.value)
RESTORED_REASON = N_("It was restored from a backup and may have been sent since.")


@dataclass(frozen=True, slots=True)
class MarkedUnknown:
    """The counts of what became unknown or was discarded."""

    messages: int
    recipients: int
    drafts: int  # Discarded: they may have been confirmed since.
    notifications: int = 0  # About alerts, that were waiting for their message.


class BotRunning(Exception):
    """A bot is running: a process holds a lease, at most until `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"a lease runs until {until.isoformat()}")
        self.until = until


class RestoreStore:
    """Store of what has to be done before a bot runs on a restored backup.

    `mark_others` marks what other parts of the bot were about to send, and returns how much.
    """

    def __init__(
        self,
        database: Database,
        mark_others: Callable[[AsyncConnection, datetime], Awaitable[int]] | None = None,
    ) -> None:
        self._database, self._mark_others = database, mark_others

    async def mark_unknown(self, actor: str, now: datetime) -> MarkedUnknown:
        """Makes unknown all that is queued or under way, and discards all drafts.

        Raises:
            BotRunning: a bot is running; nothing was changed.
        """
        async with self._database.transaction() as connection:
            await _require_no_lease(connection, now)
            found = await self._mark(connection, now)
            detail = f"{found.recipients} numbers of {found.messages} messages became unknown"
            await add_entries(
                connection, AuditEntry(now, actor, "admin", "allowed", "restored", detail)
            )
        return found

    async def preview_mark_unknown(self, now: datetime) -> MarkedUnknown:
        """Returns what `mark_unknown` would do; changes nothing.

        Raises:
            BotRunning: a bot is running.
        """
        async with self._database.transaction() as connection:
            await _require_no_lease(connection, now)
            savepoint = await connection.begin_nested()
            found = await self._mark(connection, now)
            await savepoint.rollback()
        return found

    async def _mark(self, connection: AsyncConnection, now: datetime) -> MarkedUnknown:
        found = await _mark_unknown(connection, now)
        if self._mark_others is None:
            return found
        return replace(found, notifications=await self._mark_others(connection, now))


async def _require_no_lease(connection: AsyncConnection, now: datetime) -> None:
    """Raises BotRunning while a lease runs; one too far ahead was written by a wrong clock."""
    runs = attempt.c.lease_until.between(now, now + LONGEST_LEASE)
    query = select(func.max(attempt.c.lease_until)).where(
        attempt.c.state.in_(ACTIVE_ATTEMPTS), runs
    )
    until: datetime | None = (await connection.execute(query)).scalar()
    if until is not None:
        raise BotRunning(until)


async def _mark_unknown(connection: AsyncConnection, now: datetime) -> MarkedUnknown:
    query = select(recipient.c.message_id).where(recipient.c.state.in_(UNSENT_STATES)).distinct()
    messages = (await connection.execute(query)).scalars().all()
    await transition(connection, (), State.CLAIMED, now)
    await transition(connection, (), State.IN_FLIGHT, now)
    recipients = await transition(
        connection, (), State.UNKNOWN, now, code=None, reason=RESTORED_REASON
    )
    active = [attempt.c.state.in_(ACTIVE_ATTEMPTS)]
    await transition_attempts(connection, active, AttemptState.SETTLED)
    await mark_changed(connection, messages)
    being_shown = message.c.showing_until.is_not(None)  # By a process that is gone.
    await connection.execute(update(message).where(being_shown).values(showing_until=None))
    drafts = (await connection.execute(delete(draft))).rowcount
    # The cost of our calls since then is not known: the next sample starts a new sum.
    await connection.execute(update(balance_sample).values(ours=None, unsure=None))
    return MarkedUnknown(len(messages), recipients, drafts)
