"""After a restore: what waited in the back-up may have been sent since, and is not sent again.

Each recipient takes the steps of one that was in flight when its process died, and ends as unknown.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import attempt, balance_sample, draft, message, recipient
from kwtsms_bot.i18n.translator import N_
from kwtsms_bot.outbox.audit import AuditEntry, add_entries
from kwtsms_bot.outbox.dispatch.lease_store import LONGEST_LEASE
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.sql import (
    CLAIMED,
    IN_FLIGHT,
    SETTLED,
    mark_changed,
    transition,
)

ACTIVE_ATTEMPTS = (CLAIMED, IN_FLIGHT)
UNSENT_STATES = (State.QUEUED.value, State.CLAIMED.value, State.IN_FLIGHT.value)
RESTORED_REASON = N_("It comes from a back-up and may have been sent since.")


@dataclass(frozen=True, slots=True)
class MarkedUnknown:
    """What is in doubt now."""

    messages: int
    recipients: int
    drafts: int  # Dropped: they may have been confirmed since.


class BotRunning(Exception):
    """A process holds a lease on some of it, until then at most."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"a lease runs until {until.isoformat()}")
        self.until = until


class RestoreStore:
    """What has to be done before a bot may run on a back-up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mark_unknown(self, actor: str, now: datetime) -> MarkedUnknown:
        """Makes unknown all that waits or is under way, and drops what waits for a yes.

        Raises:
            AtWork: a bot is, and nothing was changed.
        """
        async with self._database.transaction() as connection:
            await _require_no_lease(connection, now)
            found = await _mark_unknown(connection, now)
            detail = f"{found.recipients} numbers of {found.messages} messages became unknown"
            await add_entries(
                connection, AuditEntry(now, actor, "admin", "allowed", "restored", detail)
            )
        return found

    async def preview_mark_unknown(self, now: datetime) -> MarkedUnknown:
        """What `doubt` would come to; nothing is changed.

        Raises:
            AtWork: a bot is.
        """
        async with self._database.transaction() as connection:
            await _require_no_lease(connection, now)
            savepoint = await connection.begin_nested()
            found = await _mark_unknown(connection, now)
            await savepoint.rollback()
        return found


async def _require_no_lease(connection: AsyncConnection, now: datetime) -> None:
    """No lease runs; one that is further off than any, a wrong clock has written."""
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
    await connection.execute(
        update(attempt).where(attempt.c.state.in_(ACTIVE_ATTEMPTS)).values(state=SETTLED)
    )
    await mark_changed(connection, messages)
    being_shown = message.c.showing_until.is_not(None)  # By nobody who is still there.
    await connection.execute(update(message).where(being_shown).values(showing_until=None))
    drafts = (await connection.execute(delete(draft))).rowcount
    # What our calls have cost since is not known: the next look begins to reckon anew.
    await connection.execute(update(balance_sample).values(ours=None, unsure=None))
    return MarkedUnknown(len(messages), recipients, drafts)
