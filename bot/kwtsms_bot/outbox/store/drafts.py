"""Drafts: kept until somebody decides, and gone with the decision, so nobody decides twice."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, delete, insert, or_, select

from kwtsms_bot.database.tables import draft
from kwtsms_bot.outbox.admission import Request
from kwtsms_bot.outbox.draft import Draft, DraftKind
from kwtsms_bot.outbox.limits import Allowance
from kwtsms_bot.outbox.message import Message, NewMessage
from kwtsms_bot.outbox.store.admitting import admit_one
from kwtsms_bot.outbox.store.audit import By, note
from kwtsms_bot.outbox.store.base import Base

TOLD_WITHIN = timedelta(days=1)  # Who asked is told that a request ran out; or nobody runs.


class Drafting(Base):
    """What waits for a yes."""

    async def keep(self, new: Draft) -> None:
        """Makes the draft durable."""
        async with self.database.transaction() as connection:
            await connection.execute(insert(draft).values(**_columns(new)))

    async def draft(self, token: str, now: datetime) -> Draft | None:
        """The draft that waits under this token; None once it is decided or too old."""
        query = select(draft).where(draft.c.token == token, draft.c.expires_at > now)
        async with self.database.reading() as connection:
            row = (await connection.execute(query)).first()
        return _as_draft(row) if row else None

    async def send_draft(
        self,
        token: str,
        new: NewMessage,
        now: datetime,
        allowance: Allowance,
        *,
        approved: By | None = None,
    ) -> Message | None:
        """Accepts `new` in place of the draft; None: somebody has decided, or it is too old.

        `approved` is the second person who said yes to it; the ledger has it, too.

        Raises:
            OverLimit, Paused: it is not accepted; the draft is still there.
        """
        async with self.database.transaction() as connection:
            gone = await connection.execute(
                delete(draft).where(draft.c.token == token, draft.c.expires_at > now)
            )
            if gone.rowcount != 1:
                return None
            made = await admit_one(self.database, connection, Request(new, now), allowance)
            if approved is not None:
                about = {"subject": made.message.ref, "detail": new.author}
                await note(connection, approved.line(now, "approve", "approved", **about))
            return made.message

    async def promote(self, token: str, new: Draft, now: datetime) -> bool:
        """Puts another draft in the place of this one; False: it is not there any more."""
        async with self.database.transaction() as connection:
            gone = await connection.execute(
                delete(draft).where(draft.c.token == token, draft.c.expires_at > now)
            )
            if gone.rowcount != 1:
                return False
            await connection.execute(insert(draft).values(**_columns(new)))
        return True

    async def drop_draft(self, token: str, now: datetime, *, refused: By | None = None) -> bool:
        """Throws the draft away; False: it is not there any more.

        `refused` is the second person who said no to it, or its author; the ledger has it, too.
        """
        async with self.database.transaction() as connection:
            gone = await connection.execute(
                delete(draft)
                .where(draft.c.token == token, draft.c.expires_at > now)
                .returning(draft.c.author)
            )
            author = gone.scalar()
            if author is not None and refused is not None:
                decision = "withdrawn" if refused.actor == author else "turned down"
                about = {"subject": "send", "detail": author}
                await note(connection, refused.line(now, "approve", decision, **about))
        return author is not None

    async def drop_old_requests(self, now: datetime) -> tuple[Draft, ...]:
        """Throws away what no second person decided in time; only who throws it away gets it."""
        old = (draft.c.kind == DraftKind.APPROVE.value, draft.c.expires_at <= now)
        async with self.database.transaction() as connection:
            gone = await connection.execute(delete(draft).where(*old).returning(draft))
            return tuple(_as_draft(row) for row in gone)

    async def drop_old_drafts(self, now: datetime) -> int:
        """Throws away what its author did not confirm in time; how many that were.

        Requests for a second person's yes go by themselves; what is left of them for a day is old.
        """
        confirm = and_(draft.c.kind == DraftKind.CONFIRM.value, draft.c.expires_at <= now)
        left = draft.c.expires_at <= now - TOLD_WITHIN
        async with self.database.transaction() as connection:
            gone = await connection.execute(delete(draft).where(or_(confirm, left)))
        return gone.rowcount


def _columns(new: Draft) -> dict[str, Any]:
    return {
        "token": new.token,
        "kind": new.kind.value,
        "author": new.author,
        "team": new.team,
        "channel": new.channel,
        "locale": new.locale,
        "text": new.text,
        "phones": ",".join(new.recipients),
        "sender_id": new.sender_id,
        "pages": new.pages,
        "test": new.test,
        "created_at": new.created_at,
        "expires_at": new.expires_at,
    }


def _as_draft(row: Row[Any]) -> Draft:
    return Draft(
        token=row.token,
        kind=DraftKind(row.kind),
        author=row.author,
        team=row.team,
        channel=row.channel,
        locale=row.locale,
        text=row.text,
        recipients=tuple(row.phones.split(",")),
        sender_id=row.sender_id,
        pages=row.pages,
        test=row.test,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
