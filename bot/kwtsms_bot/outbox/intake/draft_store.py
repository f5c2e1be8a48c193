"""Store of drafts. A decision deletes its draft, so that nobody decides twice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, delete, insert, or_, select

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import draft
from kwtsms_bot.outbox.audit import Actor, add_entries
from kwtsms_bot.outbox.intake.admit import admit_one
from kwtsms_bot.outbox.intake.draft import SOURCE, Draft, DraftKind
from kwtsms_bot.outbox.message import Message, NewMessage
from kwtsms_bot.outbox.quota.admission import AdmissionRequest
from kwtsms_bot.outbox.quota.limits import Allowance

NOTIFY_WITHIN = timedelta(days=1)  # After that, nobody is notified of an expired request.


class DraftStore:
    """Store of the drafts that wait for a decision."""

    def __init__(
        self, database: Database, *, on_accepted: Callable[[Message], None] = lambda _: None
    ) -> None:
        self._database, self._on_accepted = database, on_accepted

    async def save_draft(self, new: Draft) -> None:
        """Makes the draft durable."""
        async with self._database.transaction() as connection:
            await connection.execute(insert(draft).values(**_columns(new)))

    async def get_draft(self, token: str, now: datetime) -> Draft | None:
        """Returns the draft with this token; None once it is decided or expired."""
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
        """Accepts `new` in place of the draft; returns None if it is decided or expired.

        `approved` is the second person who approved it, for the audit log.

        Raises:
            QuotaExceededError, SendingPaused, ApprovalNeeded: it is not accepted; the draft is
                still there.
        """
        async with self._database.transaction() as connection:
            deleted = await connection.execute(
                delete(draft).where(draft.c.token == token, draft.c.expires_at > now)
            )
            if deleted.rowcount != 1:
                return None
            wanted = AdmissionRequest(new, now, approved=approved is not None)
            accepted = await admit_one(self._database, connection, wanted, allowance)
            if approved is not None:
                details = {"subject": accepted.message.ref, "detail": new.author}
                await add_entries(connection, approved.entry(now, "approve", "approved", **details))
        self._on_accepted(accepted.message)
        return accepted.message

    async def request_approval(self, token: str, new: Draft, now: datetime) -> bool:
        """Replaces the draft by an approval request; returns False if the draft is gone."""
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
        """Deletes the draft; returns False if it is gone.

        `refused` is the second person who rejected it, or its author, for the audit log.
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
        """Deletes expired approval requests and returns them; each is returned to one caller."""
        expired = (draft.c.kind == DraftKind.APPROVE.value, draft.c.expires_at <= now)
        async with self._database.transaction() as connection:
            deleted = await connection.execute(delete(draft).where(*expired).returning(draft))
            return tuple(_as_draft(row) for row in deleted)

    async def discard_expired_drafts(self, now: datetime) -> int:
        """Deletes drafts that their authors did not confirm in time; returns how many.

        Expired approval requests are popped elsewhere; here, only those a day past are deleted.
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
        "author": new.message.author,
        "team": new.message.team,
        "channel": new.channel,
        "locale": new.locale,
        "text": new.message.text,
        "phones": ",".join(new.message.recipients),
        "sender_id": new.message.sender_id,
        "pages": new.message.pages,
        "test": new.message.test,
        "created_at": new.created_at,
        "expires_at": new.expires_at,
    }


def _as_draft(row: Row[Any]) -> Draft:
    return Draft(
        token=row.token,
        kind=DraftKind(row.kind),
        message=NewMessage(
            source=SOURCE,
            author=row.author,
            team=row.team,
            text=row.text,
            sender_id=row.sender_id,
            recipients=tuple(row.phones.split(",")),
            pages=row.pages,
            test=row.test,
        ),
        channel=row.channel,
        locale=row.locale,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
