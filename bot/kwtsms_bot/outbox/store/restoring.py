"""After a restore: what waited in the back-up may have been sent since, and is not sent again.

Each recipient takes the steps of one that was in flight when its process died, and ends as unknown.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from kwtsms_bot.database.tables import attempt, balance_sample, draft, message, recipient
from kwtsms_bot.language import marked
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.store.audit import AuditEntry, note
from kwtsms_bot.outbox.store.base import CLAIMED, IN_FLIGHT, OVER, Base, move, touch

WAITING = (State.QUEUED.value, State.CLAIMED.value, State.IN_FLIGHT.value)
RESTORED_REASON = marked("It comes from a back-up and may have been sent since.")


@dataclass(frozen=True, slots=True)
class Doubted:
    """What is in doubt now."""

    messages: int
    recipients: int
    drafts: int  # Dropped: they may have been confirmed since.


class Restoring(Base):
    """What has to be done before a bot may run on a back-up."""

    async def doubt(self, actor: str, now: datetime) -> Doubted:
        """Makes unknown all that waits or is under way, and drops what waits for a yes."""
        waits = recipient.c.state.in_(WAITING)
        async with self.database.transaction() as connection:
            query = select(recipient.c.message_id).where(waits).distinct()
            messages = (await connection.execute(query)).scalars().all()
            await move(connection, (), State.CLAIMED, now)
            await move(connection, (), State.IN_FLIGHT, now)
            recipients = await move(
                connection, (), State.UNKNOWN, now, code=None, reason=RESTORED_REASON
            )
            await connection.execute(
                update(attempt).where(attempt.c.state.in_([CLAIMED, IN_FLIGHT])).values(state=OVER)
            )
            await touch(connection, messages)
            held = message.c.showing_until.is_not(None)  # By nobody who is still there.
            await connection.execute(update(message).where(held).values(showing_until=None))
            drafts = (await connection.execute(delete(draft))).rowcount
            # What our calls have cost since is not known: the next look begins to reckon anew.
            await connection.execute(update(balance_sample).values(ours=None, unsure=None))
            found = Doubted(len(messages), recipients, drafts)
            detail = f"{recipients} numbers of {len(messages)} messages became unknown"
            await note(connection, AuditEntry(now, actor, "admin", "allowed", "restored", detail))
        return found
