"""Group commit for messages of applications: pending requests share one transaction.

A message, its credits and the answer under its key are written together. So a process that dies
between the commit and the answer has promised nothing: the retry gets the stored answer.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.send_api.answer import (
    accepted_message,
    error_answer,
    list_changes,
    message_answer,
)
from kwtsms_bot.bridge.send_api.errors import ApiError, ErrorCode
from kwtsms_bot.bridge.send_api.request import MessageRequest, new_message
from kwtsms_bot.bridge.send_api.store.answers import ApiCall, StoredAnswer, remember, replay
from kwtsms_bot.bridge.send_api.store.limits import check_limits
from kwtsms_bot.database import CommitUnknown, Database, DatabaseError
from kwtsms_bot.database.tables import api_message, message
from kwtsms_bot.outbox.dedupe import INTAKE_LOCK
from kwtsms_bot.outbox.flow_control.kill_switch import SendingPaused
from kwtsms_bot.outbox.intake.admit import Accepted, admit
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.outbox.quota.admission import AdmissionRequest
from kwtsms_bot.outbox.quota.limits import UNLIMITED

CREATED = 201
MAX_REQUESTS, MAX_RECIPIENTS = 100, 1_000  # Of a transaction; a larger message has its own.
VERIFY_DELAYS = (0.0, 0.2, 0.4, 0.8)  # Seconds after a commit of unknown outcome.


@dataclass(frozen=True, slots=True)
class _PendingApiRequest:
    """A message to accept, or a refusal to remember, and the future that resolves it."""

    call: ApiCall
    content: MessageRequest | ApiError
    future: "asyncio.Future[StoredAnswer]"

    @property
    def size(self) -> int:
        """The number of its recipients."""
        return 0 if isinstance(self.content, ApiError) else len(self.content.recipients)

    def resolve(self, result: "StoredAnswer | Exception") -> None:
        """Resolves the future, unless its caller is gone."""
        if self.future.done():
            return
        if isinstance(result, Exception):
            self.future.set_exception(result)
        else:
            self.future.set_result(result)


@dataclass(frozen=True, slots=True)
class _StoredRequest:
    """The answer to a request; with the message, if this transaction accepted it."""

    answer: StoredAnswer
    accepted: Message | None = None


class ApiIntake:
    """Store through which messages of applications are accepted, and refusals remembered."""

    def __init__(
        self, database: Database, *, on_accepted: Callable[[Message], None] = lambda _: None
    ) -> None:
        self._database, self._on_accepted = database, on_accepted
        self._pending: list[_PendingApiRequest] = []
        self._batch_task: asyncio.Task[None] | None = None

    async def accept(self, call: ApiCall, request: MessageRequest) -> StoredAnswer:
        """Makes a message durable together with its answer.

        Raises:
            ApiError: its key was used for another request, a limit is reached or sending is paused.
            CommitUnknown: it is not known whether it was accepted.
            DatabaseError: it was not accepted.
        """
        return await self._submit(call, request)

    async def remember(self, call: ApiCall, error: ApiError) -> StoredAnswer:
        """Makes a refusal durable under the request's key; or returns what was answered first.

        Raises:
            ApiError: the key was used for another request.
            DatabaseError: it was not remembered.
        """
        return await self._submit(call, error)

    async def _submit(self, call: ApiCall, content: MessageRequest | ApiError) -> StoredAnswer:
        future: asyncio.Future[StoredAnswer] = asyncio.get_running_loop().create_future()
        self._pending.append(_PendingApiRequest(call, content, future))
        if self._batch_task is None or self._batch_task.done():
            self._batch_task = asyncio.create_task(self._run_batches())
        return await future

    async def _run_batches(self) -> None:
        """Stores pending requests in batches; none is resolved before it is durable."""
        while self._pending:
            batch, self._pending = _next_batch(self._pending)
            try:
                results = await self._store_batch(batch)
            except Exception as error:  # noqa: BLE001 - Each caller gets it.
                for pending in batch:
                    pending.resolve(error)
                continue
            for pending, result in zip(batch, results, strict=True):
                if isinstance(result, ApiError):
                    pending.resolve(result)
                    continue
                if result.accepted is not None:
                    self._on_accepted(result.accepted)
                pending.resolve(result.answer)

    async def _store_batch(
        self, batch: Sequence[_PendingApiRequest]
    ) -> Sequence[_StoredRequest | ApiError]:
        results: list[_StoredRequest | ApiError] = []

        async def store_all(connection: AsyncConnection) -> None:
            await self._database.acquire_lock(connection, INTAKE_LOCK)
            results[:] = [await self._store(connection, one) for one in batch]

        try:
            await self._database.run_transaction(store_all)
        except CommitUnknown:
            stored = (one for one in results if isinstance(one, _StoredRequest))
            accepted = [one.accepted for one in stored if one.accepted is not None]
            if accepted and not await self._is_stored(accepted[0]):
                raise
        return results

    async def _store(
        self, connection: AsyncConnection, pending: _PendingApiRequest
    ) -> _StoredRequest | ApiError:
        """Writes one request; what raises writes nothing."""
        call, content = pending.call, pending.content
        try:
            stored = await replay(connection, call)
            if stored is not None:
                return _StoredRequest(stored)
            if not isinstance(content, ApiError):
                return await self._accept(connection, call, content)
        except ApiError as error:
            return error
        answer = StoredAnswer(content.status, error_answer(content, call.id))
        await remember(connection, call, answer)
        return _StoredRequest(answer)

    async def _accept(
        self, connection: AsyncConnection, call: ApiCall, request: MessageRequest
    ) -> _StoredRequest:
        new = new_message(request, call.terms, now=call.at, request_id=call.id)
        admission = AdmissionRequest(new, call.at)
        await check_limits(connection, call.terms, admission)
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
        await remember(connection, call, stored)
        return _StoredRequest(stored, accepted)

    async def _is_stored(self, accepted: Message) -> bool:
        """Whether a message of a batch is there, after a commit of unknown outcome.

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


def _next_batch(
    queue: Sequence[_PendingApiRequest],
) -> tuple[list[_PendingApiRequest], list[_PendingApiRequest]]:
    """Splits the queue into the next batch and the rest."""
    recipients = 0
    for number, pending in enumerate(queue):
        recipients += pending.size
        if number == MAX_REQUESTS or (number and recipients > MAX_RECIPIENTS):
            return list(queue[:number]), list(queue[number:])
    return list(queue), []
