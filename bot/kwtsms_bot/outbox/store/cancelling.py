"""Taking back what has not left, and what comes back from a try that a person did not want."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import message, recipient
from kwtsms_bot.outbox.decision import Decided, Decision
from kwtsms_bot.outbox.message import ClaimedCall, State
from kwtsms_bot.outbox.store.audit import By
from kwtsms_bot.outbox.store.base import Base, move
from kwtsms_bot.outbox.store.decisions import record, to_decide
from kwtsms_bot.outbox.store.usage import add


@dataclass(frozen=True, slots=True)
class TakenBack:
    """How many recipients get nothing, and how many are on their way at this moment."""

    count: int
    leaving: int  # If kwtSMS does not take them, they are not tried again.


class Cancelling(Base):
    """What a person takes back."""

    async def cancel(self, ref: str, now: datetime, by: By) -> TakenBack:
        """Takes back what has not left; of what is leaving, what does not get through."""
        async with self.database.transaction() as connection:
            row = await to_decide(connection, ref)
            if row is None:
                return TakenBack(0, 0)
            here = recipient.c.message_id == row.id
            count = await move(connection, [here], State.CANCELLED, now, reason=None, code=None)
            flying = here & (recipient.c.state == State.IN_FLIGHT.value)
            query = select(func.count()).select_from(recipient).where(flying)
            found = TakenBack(count, (await connection.execute(query)).scalar_one())
            if count or found.leaving:
                made = Decision(Decided.CANCEL, by.actor, now, count)
                await record(connection, row, made, by, cancelled_at=now)
            await add(connection, [(-row.pages * count, row.created_at)])
        return found


async def withdraw(connection: AsyncConnection, call: ClaimedCall, now: datetime) -> int:
    """Cancels what has come back from this call, where a person has taken its message back.

    How many recipients that were.
    """
    wish = select(message.c.cancelled_at).where(message.c.id == call.message_id)
    if (await connection.execute(wish)).scalar() is None:
        return 0
    back = [recipient.c.attempt_id == call.attempt, recipient.c.state == State.QUEUED.value]
    return await move(connection, back, State.CANCELLED, now, reason=None, code=None)
