"""Drafts: kept until somebody decides, and gone with the decision, so nobody decides twice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, delete, insert, or_, select

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import draft
from kwtsms_bot.outbox.audit import Actor, add_entries
from kwtsms_bot.outbox.intake.draft import Draft, DraftKind
from kwtsms_bot.outbox.intake.store import admit_one
from kwtsms_bot.outbox.message import Message, NewMessage
from kwtsms_bot.outbox.quota.admission import AdmissionRequest
from kwtsms_bot.outbox.quota.limits import Allowance

NOTIFY_WITHIN = timedelta(days=1)  # Who asked is told that a request ran out; or nobody runs.


class DraftStore:
    """What waits for a yes."""

    def __init__(
        self, database: Database, *, on_accepted: Callable[[Message], None] = lambda _: None
    ) -> None:
        self._database, self._on_accepted = database, on_accepted

    async def save_draft(self, new: Draft) -> None:
        """Makes the draft durable."""
        async with self._database.transaction() as connection:
            await connection.execute(insert(draft).values(**_columns(new)))

    async def get_draft(self, token: str, now: datetime) -> Draft | None:
        """The draft that waits under this token; None once it is decided or too old."""
        query = select(draft).where(draft.c.token == token, draft.c.expires_at > now)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
        return _as_draft(row) if row else None

    async def send_draft(
        self,
        token: str,
        new: NewMessage,
        now: datetime,
        allowance: Allowance,
        *,
        approved: Actor | None = None,
    ) -> Message | None:
        """Accepts `new` in place of the draft; None: somebody has decided, or it is too old.

        `approved` is the second person who said yes to it; the ledger has it, too.

        Raises:
            OverLimit, Paused: it is not accepted; the draft is still there.
        """
        async with self._database.transaction() as connection:
            deleted = await connection.execute(
                delete(draft).where(draft.c.token == token, draft.c.expires_at > now)
            )
            if deleted.rowcount != 1:
                return None
            accepted = await admit_one(
                self._database, connection, AdmissionRequest(new, now), allowance
            )
            if approved is not None:
                details = {"subject": accepted.message.ref, "detail": new.author}
                await add_entries(connection, approved.entry(now, "approve", "approved", **details))
        self._on_accepted(accepted.message)
        return accepted.message

    async def request_approval(self, token: str, new: Draft, now: datetime) -> bool:
        """Puts another draft in the place of this one; False: it is not there any more."""
        async with self._database.transaction() as connection:
            deleted = await connection.execute(
                delete(draft).where(draft.c.token == token, draft.c.expires_at > now)
            )
            if deleted.rowcount != 1:
                return False
            await connection.execute(insert(draft).values(**_columns(new)))
        return True

    async def discard_draft(
        self, token: str, now: datetime, *, refused: Actor | None = None
    ) -> bool:
        """Throws the draft away; False: it is not there any more.

        `refused` is the second person who said no to it, or its author; the ledger has it, too.
        """
        async with self._database.transaction() as connection:
            deleted = await connection.execute(
                delete(draft)
                .where(draft.c.token == token, draft.c.expires_at > now)
                .returning(draft.c.author)
            )
            author = deleted.scalar()
            if author is not None and refused is not None:
                decision = "withdrawn" if refused.id == author else "turned down"
                details = {"subject": "send", "detail": author}
                await add_entries(connection, refused.entry(now, "approve", decision, **details))
        return author is not None

    async def pop_expired_requests(self, now: datetime) -> tuple[Draft, ...]:
        """Throws away what no second person decided in time; only who throws it away gets it."""
        expired = (draft.c.kind == DraftKind.APPROVE.value, draft.c.expires_at <= now)
        async with self._database.transaction() as connection:
            deleted = await connection.execute(delete(draft).where(*expired).returning(draft))
            return tuple(_as_draft(row) for row in deleted)

    async def discard_expired_drafts(self, now: datetime) -> int:
        """Throws away what its author did not confirm in time; how many that were.

        Requests for a second person's yes go by themselves; what is left of them for a day is old.
        """
        unconfirmed = and_(draft.c.kind == DraftKind.CONFIRM.value, draft.c.expires_at <= now)
        unnotified = draft.c.expires_at <= now - NOTIFY_WITHIN
        async with self._database.transaction() as connection:
            deleted = await connection.execute(delete(draft).where(or_(unconfirmed, unnotified)))
        return deleted.rowcount


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
