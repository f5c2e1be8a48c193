"""Store of the API: a message and the answer under its key are written in one transaction."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.send_api.answer import (
    MessageStatus,
    RecipientStatus,
    accepted_message,
    error_answer,
    list_changes,
    message_answer,
)
from kwtsms_bot.bridge.send_api.body import RequestKey
from kwtsms_bot.bridge.send_api.errors import ApiError, ErrorCode
from kwtsms_bot.bridge.send_api.request import MessageRequest, new_message
from kwtsms_bot.bridge.send_api.terms import ApiTerms
from kwtsms_bot.database import CommitUnknown, Database, DatabaseError
from kwtsms_bot.database.tables import api_message, message, recipient, request_key
from kwtsms_bot.kuwait_time import midnight_after
from kwtsms_bot.outbox.dedupe import INTAKE_LOCK
from kwtsms_bot.outbox.flow_control.kill_switch import SendingPaused
from kwtsms_bot.outbox.intake.admit import Accepted, admit
from kwtsms_bot.outbox.message import Message, NewMessage
from kwtsms_bot.outbox.quota.admission import AdmissionRequest, day_of
from kwtsms_bot.outbox.quota.limits import HOUR, UNLIMITED
from kwtsms_bot.outbox.quota.usage_store import NOT_COUNTED_STATES, spent_on
from kwtsms_bot.outbox.retention.request_keys import KEY_LASTS
from kwtsms_bot.outbox.sql import chunks
from kwtsms_bot.outbox.states import State

CREATED = 201
MOST_LISTED = 50
VERIFY_DELAYS = (0.0, 0.2, 0.4, 0.8)  # Seconds after a commit of unknown outcome.


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer that is durable; `replayed` if an earlier request got it first."""

    status: int
    content: dict[str, Any] = field(repr=False)
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A request of an application: its terms, its key, when it came, and its ID in the log."""

    terms: ApiTerms
    at: datetime
    id: str
    key: RequestKey | None = None


class ApiStore:
    """Store through which applications send, look up and answer again."""

    def __init__(
        self, database: Database, *, on_accepted: Callable[[Message], None] = lambda _: None
    ) -> None:
        self._database, self._on_accepted = database, on_accepted

    async def accept(self, call: ApiCall, request: MessageRequest) -> StoredAnswer:
        """Makes a message durable together with its answer.

        Raises:
            ApiError: its key was used for another request, a limit is reached or sending is paused.
            DatabaseError: it was not accepted.
            CommitUnknown: it is not known whether it was.
        """
        accepted: list[tuple[Message, StoredAnswer]] = []

        async def work(connection: AsyncConnection) -> StoredAnswer | None:
            await self._database.acquire_lock(connection, INTAKE_LOCK)
            stored = await _replay(connection, call)
            if stored is None:
                accepted[:] = [await self._accept(connection, call, request)]
            return stored

        try:
            stored = await self._database.run_transaction(work)
        except CommitUnknown:
            if not (accepted and await self._is_stored(accepted[0][0])):
                raise
            stored = None
        if stored is not None:
            return stored
        ((new, answer),) = accepted
        self._on_accepted(new)
        return answer

    async def remember(self, call: ApiCall, error: ApiError) -> StoredAnswer:
        """Makes a refusal durable under the request's key; or returns what was answered first.

        Raises:
            ApiError: the key was used for another request.
            DatabaseError: it was not remembered.
        """

        async def work(connection: AsyncConnection) -> StoredAnswer:
            await self._database.acquire_lock(connection, INTAKE_LOCK)
            stored = await _replay(connection, call)
            if stored is None:
                stored = StoredAnswer(error.status, error_answer(error, call.id))
                await _remember(connection, call, stored)
            return stored

        return await self._database.run_transaction(work)

    async def find(self, author: str, ref: str) -> MessageStatus | None:
        """Returns an application's message; None if it has none of this ID."""
        found = await self._load((message.c.author == author) & (message.c.ref == ref))
        return next(iter(found), None)

    async def find_by_reference(self, author: str, reference: str) -> Sequence[MessageStatus]:
        """Returns an application's messages with this reference, the newest first."""
        return await self._load(
            (api_message.c.author == author) & (api_message.c.reference == reference)
        )

    async def _accept(
        self, connection: AsyncConnection, call: ApiCall, request: MessageRequest
    ) -> tuple[Message, StoredAnswer]:
        new = new_message(request, call.terms, now=call.at, request_id=call.id)
        admission = AdmissionRequest(new, call.at)
        await _check_credits(connection, call, admission.credits)
        await _check_numbers(connection, call, new)
        (result,) = await admit(self._database, connection, [admission], UNLIMITED)
        if isinstance(result, SendingPaused):
            raise ApiError(ErrorCode.PAUSED)
        if not isinstance(result, Accepted):
            raise result  # Nothing else is limited.
        accepted = result.message
        await connection.execute(
            insert(api_message).values(
                message_id=accepted.id,
                author=new.author,
                reference=request.reference,
                changes=list_changes(request.report),
            )
        )
        status = accepted_message(request, new, ref=accepted.ref, at=call.at)
        stored = StoredAnswer(CREATED, message_answer(status, call.id))
        await _remember(connection, call, stored)
        return accepted, stored

    async def _is_stored(self, accepted: Message) -> bool:
        """Whether a message is there, after a commit of unknown outcome.

        Waits for the intake lock first: a transaction whose connection broke may still hold it.

        Raises:
            DatabaseError: it is not.
        """
        query = select(message.c.id).where(
            message.c.id == accepted.id, message.c.ref == accepted.ref
        )
        for delay in VERIFY_DELAYS:
            await asyncio.sleep(delay)
            try:
                async with self._database.reading() as connection:
                    await self._database.acquire_lock(connection, INTAKE_LOCK)
                    found = (await connection.execute(query)).scalar()
            except DatabaseError:
                continue
            if found is None:
                raise DatabaseError("the message was not accepted")
            return True
        return False

    async def _load(self, where: ColumnElement[bool]) -> list[MessageStatus]:
        query = (
            select(message, api_message.c.reference, api_message.c.changes)
            .join(api_message, api_message.c.message_id == message.c.id)
            .where(where)
            .order_by(message.c.id.desc())
            .limit(MOST_LISTED)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
            people = await _load_recipients(connection, [row.id for row in rows])
        return [_as_status(row, people[row.id]) for row in rows]


async def _load_recipients(
    connection: AsyncConnection, ids: Sequence[int]
) -> dict[int, list[RecipientStatus]]:
    found: dict[int, list[RecipientStatus]] = {one: [] for one in ids}
    query = select(recipient).where(recipient.c.message_id.in_(ids)).order_by(recipient.c.id)
    for row in await connection.execute(query):
        found[row.message_id].append(
            RecipientStatus(row.phone, State(row.state), row.code, row.reason)
        )
    return found


def _as_status(row: Row[Any], recipients: Sequence[RecipientStatus]) -> MessageStatus:
    return MessageStatus(
        id=row.ref,
        reference=row.reference,
        sender_id=row.sender_id,
        text=row.text,
        changes=row.changes,
        pages=row.pages,
        test=row.test,
        recipients=recipients,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


async def _replay(connection: AsyncConnection, call: ApiCall) -> StoredAnswer | None:
    """Returns what was answered to the request's key; None if it is new.

    Raises:
        ApiError: it was used for another request.
    """
    if call.key is None:
        return None
    own = (request_key.c.scope == call.terms.author) & (request_key.c.key_hash == call.key.key_hash)
    row = (await connection.execute(select(request_key).where(own))).first()
    if row is None:
        return None
    if row.created_at <= call.at - KEY_LASTS:
        await connection.execute(delete(request_key).where(own))
        return None
    # Without a hash (an erasure cleared it), the key alone identifies the request.
    if row.body_hash not in ("", call.key.body_hash):
        raise ApiError(ErrorCode.IDEMPOTENCY_CONFLICT)
    return StoredAnswer(row.status, row.answer, replayed=True)


async def _remember(connection: AsyncConnection, call: ApiCall, answer: StoredAnswer) -> None:
    if call.key is None:
        return
    await connection.execute(
        insert(request_key).values(
            scope=call.terms.author,
            key_hash=call.key.key_hash,
            body_hash=call.key.body_hash,
            status=answer.status,
            answer=answer.content,
            created_at=call.at,
        )
    )


async def _check_credits(connection: AsyncConnection, call: ApiCall, needed: int) -> None:
    spent = await spent_on(connection, day_of(call.at), call.terms.author)
    left = max(0, call.terms.credits_per_day - spent)
    if needed > left:
        message_text = f"The message costs {needed} credits; {left} are left today."
        wait = _seconds(midnight_after(call.at) - call.at)
        raise ApiError(ErrorCode.CREDITS_EXHAUSTED, message_text, retry_after=wait)


async def _check_numbers(connection: AsyncConnection, call: ApiCall, new: NewMessage) -> None:
    """Refuses a message to a number that the application has sent to too often in this hour."""
    most = call.terms.per_number_per_hour
    for part in chunks(new.recipients):
        query = (
            select(func.min(message.c.created_at))
            .join_from(recipient, message)
            .where(
                recipient.c.phone.in_(part),
                recipient.c.state.not_in(NOT_COUNTED_STATES),
                message.c.author == call.terms.author,
                message.c.created_at > call.at - HOUR,
            )
            .group_by(recipient.c.phone)
            .having(func.count() >= most)
        )
        full = (await connection.execute(query)).scalars().all()
        if full:
            wait = _seconds(max(full) + HOUR - call.at)
            raise ApiError(ErrorCode.NUMBER_LIMIT, retry_after=wait)


def _seconds(wait: timedelta) -> int:
    return max(1, int(wait.total_seconds()) + 1)
