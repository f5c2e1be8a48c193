"""Group commit for new messages: pending `accept()` calls share one transaction."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import CommitUnknown, Database, DatabaseError, DuplicateKey
from kwtsms_bot.database.tables import dedupe, message
from kwtsms_bot.outbox.dedupe import INTAKE_LOCK, insert_key
from kwtsms_bot.outbox.intake.admit import (
    Accepted,
    AdmissionResult,
    AlreadyAccepted,
    admit,
    admit_one,
)
from kwtsms_bot.outbox.message import DedupeKey, Message, NewMessage
from kwtsms_bot.outbox.queries.load import load_message
from kwtsms_bot.outbox.quota.admission import AdmissionRequest
from kwtsms_bot.outbox.quota.limits import UNLIMITED, Allowance

MAX_BATCH = 100  # Messages per transaction.
# A message to more recipients is accepted in a transaction of its own, and delays no other.
MAX_BATCHED_RECIPIENTS = 200
VERIFY_DELAYS = (0.0, 0.2, 0.4, 0.8)  # Seconds; Slack waits for three.
AcceptResult = AdmissionResult | DatabaseError


@dataclass(frozen=True, slots=True)
class _PendingAccept:
    """A pending `accept()` call and the future that resolves it."""

    request: AdmissionRequest
    allowance: Allowance
    future: "asyncio.Future[Accepted]"

    def resolve(self, result: "Accepted | Exception") -> None:
        """Resolves the future, unless its caller is gone."""
        if self.future.done():
            return
        if isinstance(result, Exception):
            self.future.set_exception(result)
        else:
            self.future.set_result(result)


class IntakeStore:
    """Store through which new messages are accepted."""

    def __init__(
        self, database: Database, *, on_accepted: Callable[[Message], None] = lambda _: None
    ) -> None:
        self._database, self._on_accepted = database, on_accepted
        self._large_tasks: set[asyncio.Task[None]] = set()
        self._pending: list[_PendingAccept] = []
        self._batch_task: asyncio.Task[None] | None = None

    async def accept(
        self, new: NewMessage, now: datetime, allowance: Allowance = UNLIMITED
    ) -> Accepted:
        """Makes `new` durable; once this returns, it is not lost.

        Raises:
            IdempotencyConflict: the key was used with different content.
            QuotaExceededError: it would exceed a limit.
            SendingPaused: sending is paused.
            DuplicateMessage: its author has just sent the same.
            ApprovalNeeded: with their messages of the last hour, a second person approves it.
            CommitUnknown: it is not known whether it was accepted.
            DatabaseError: it was not accepted.
        """
        accepted = await self._enqueue(AdmissionRequest(new, now), allowance)
        if accepted.fresh:
            self._on_accepted(accepted.message)
        return accepted

    async def _enqueue(self, request: AdmissionRequest, allowance: Allowance) -> Accepted:
        future: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        pending = _PendingAccept(request, allowance, future)
        if len(request.new.recipients) > MAX_BATCHED_RECIPIENTS:
            task = asyncio.create_task(self._accept_large(pending))
            self._large_tasks.add(task)
            task.add_done_callback(self._large_tasks.discard)
            return await future
        self._pending.append(pending)
        if self._batch_task is None or self._batch_task.done():
            self._batch_task = asyncio.create_task(self._run_batches())
        return await future

    async def _run_batches(self) -> None:
        """Accepts pending calls in batches; each batch shares one transaction and its fsync."""
        while self._pending:
            batch, self._pending = _next_batch(self._pending)
            try:
                await self._accept_batch(batch)
            except DuplicateKey:  # Another process used one of the keys first.
                for pending in batch:
                    await self._accept_alone(pending)
            except Exception as error:  # noqa: BLE001 - Each caller gets it.
                for pending in batch:
                    pending.resolve(error)

    async def _accept_batch(self, batch: Sequence[_PendingAccept]) -> None:
        """Accepts a batch; no call is resolved before the transaction is durable."""
        results: list[AcceptResult] = []

        async def admit_batch(connection: AsyncConnection) -> None:
            for allowance, group in groupby(batch, key=lambda one: one.allowance):
                requests = [one.request for one in group]
                results.extend(await admit(self._database, connection, requests, allowance))

        try:
            await self._database.run_transaction(admit_batch)
        except CommitUnknown as unknown:
            results = await self._verify_commit(unknown, results)
        for pending, result in zip(batch, results, strict=True):
            pending.resolve(result)

    async def _accept_alone(self, pending: _PendingAccept) -> None:
        try:
            await self._accept_batch([pending])
        except Exception as error:  # noqa: BLE001 - The caller gets it.
            pending.resolve(error)

    async def _accept_large(self, pending: _PendingAccept) -> None:
        """Accepts one large message in a transaction of its own, beside the batches."""
        results: list[AcceptResult] = []
        try:
            async with self._database.transaction() as connection:
                request, allowance = pending.request, pending.allowance
                results.append(await admit_one(self._database, connection, request, allowance))
        except CommitUnknown as unknown:
            results = await self._verify_commit(unknown, results)
        except AlreadyAccepted as earlier:
            results = [earlier.accepted]
        except Exception as error:  # noqa: BLE001 - The caller gets it.
            pending.resolve(error)
        for result in results:
            pending.resolve(result)

    async def _verify_commit(
        self, unknown: CommitUnknown, results: Sequence[AcceptResult]
    ) -> list[AcceptResult]:
        """Returns the results that hold after a commit of unknown outcome.

        Accepted messages that are not stored become a DatabaseError; or `unknown`, if the database
        does not answer.
        """
        refs = [one.message.ref for one in results if isinstance(one, Accepted)]
        for delay in VERIFY_DELAYS:
            await asyncio.sleep(delay)
            try:
                stored = await self._stored_refs(refs)
            except DatabaseError:
                continue
            not_stored = DatabaseError(str(unknown))
            return [_confirm(one, stored, or_else=not_stored) for one in results]
        return [_confirm(one, frozenset(), or_else=unknown) for one in results]

    async def _stored_refs(self, refs: Sequence[str]) -> frozenset[str]:
        """Returns which of these references are stored.

        Waits for the intake lock first: a transaction whose connection broke may still hold it.
        """
        query = select(message.c.ref).where(message.c.ref.in_(refs))
        async with self._database.reading() as connection:
            await self._database.acquire_lock(connection, INTAKE_LOCK)
            return frozenset((await connection.execute(query)).scalars())

    async def find_accepted(self, key: DedupeKey) -> Message | None:
        """Returns the message accepted under this key; None if there is none."""
        query = select(dedupe.c.message_id).where(
            dedupe.c.scope == key.scope, dedupe.c.key == key.key
        )
        async with self._database.reading() as connection:
            found = (await connection.execute(query)).scalar()
            return await load_message(connection, message.c.id == found) if found else None

    async def use_key_once(self, key: DedupeKey, now: datetime) -> bool:
        """Uses up a one-time key; returns True to the first caller only."""
        try:
            async with self._database.transaction() as connection:
                await insert_key(connection, key, now)
        except DuplicateKey:
            return False
        return True


def _next_batch(
    queue: Sequence[_PendingAccept],
) -> tuple[list[_PendingAccept], list[_PendingAccept]]:
    """Splits the queue into the next batch and the rest; no key occurs twice in a batch."""
    batch: list[_PendingAccept] = []
    later: list[_PendingAccept] = []
    keys = set()
    for pending in queue:
        key = pending.request.new.key
        if len(batch) == MAX_BATCH or (key is not None and key in keys):
            later.append(pending)
            continue
        keys.add(key)
        batch.append(pending)
    return batch, later


def _confirm(
    result: AcceptResult, stored: Collection[str], *, or_else: DatabaseError
) -> AcceptResult:
    """Returns `result` if it is a refusal or its message is stored; otherwise `or_else`."""
    if isinstance(result, Accepted) and result.message.ref not in stored:
        return or_else
    return result
