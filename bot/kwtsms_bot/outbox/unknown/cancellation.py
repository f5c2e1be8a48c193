"""Cancels what has not left, and what is requeued after its message was cancelled."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import message, recipient
from kwtsms_bot.outbox.audit import Actor
from kwtsms_bot.outbox.decision import Decision, DecisionKind
from kwtsms_bot.outbox.message import ClaimedCall
from kwtsms_bot.outbox.quota.usage_store import CreditChange, add_credits
from kwtsms_bot.outbox.sql import transition
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.unknown.decision_store import lock_for_decision, record_decision


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The number of recipients cancelled, and the number in flight at this moment."""

    count: int
    in_flight: int  # If kwtSMS does not accept them, they are not retried.


class Cancellation:
    """Store of cancellations by people."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def cancel(self, ref: str, now: datetime, actor: Actor) -> Cancelled:
        """Cancels what has not left; what is in flight is cancelled if it gets requeued."""
        async with self._database.transaction() as connection:
            row = await lock_for_decision(connection, ref)
            if row is None:
                return Cancelled(0, 0)
            of_message = recipient.c.message_id == row.id
            count = await transition(
                connection, [of_message], State.CANCELLED, now, reason=None, code=None
            )
            in_flight = of_message & (recipient.c.state == State.IN_FLIGHT.value)
            query = select(func.count()).select_from(recipient).where(in_flight)
            found = Cancelled(count, (await connection.execute(query)).scalar_one())
            if count or found.in_flight:
                decision = Decision(DecisionKind.CANCEL, actor.id, now, count)
                await record_decision(connection, row, decision, actor, cancelled_at=now)
            refund = CreditChange(-row.pages * count, row.created_at, row.budget)
            await add_credits(connection, [refund])
        return found


async def cancel_requeued(connection: AsyncConnection, call: ClaimedCall, now: datetime) -> int:
    """Cancels what this call requeued, if a person has cancelled its message; returns how many."""
    query = select(message.c.cancelled_at).where(message.c.id == call.message_id)
    if (await connection.execute(query)).scalar() is None:
        return 0
    requeued = [recipient.c.attempt_id == call.attempt, recipient.c.state == State.QUEUED.value]
    return await transition(connection, requeued, State.CANCELLED, now, reason=None, code=None)
