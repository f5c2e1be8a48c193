"""Admission checks (idempotency, pause, quotas) for a batch of new messages.

A refused message leaves no row.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import dedupe, message
from kwtsms_bot.outbox.dedupe import INTAKE_LOCK
from kwtsms_bot.outbox.flow_control.kill_switch import SendingPaused, load_pause
from kwtsms_bot.outbox.intake.insert import (
    insert_many_recipients,
    insert_messages,
    insert_recipients,
    record_acceptance,
)
from kwtsms_bot.outbox.message import DedupeKey, Message
from kwtsms_bot.outbox.queries.load import load_message
from kwtsms_bot.outbox.quota.admission import AdmissionRequest
from kwtsms_bot.outbox.quota.limits import (
    Allowance,
    ApprovalNeeded,
    DuplicateMessage,
    QuotaExceededError,
)
from kwtsms_bot.outbox.quota.usage_store import UsageQueries

_KNOWN_KEYS = select(dedupe).where(
    dedupe.c.scope == bindparam("scope"), dedupe.c.key.in_(bindparam("keys", expanding=True))
)


class IdempotencyConflict(Exception):
    """The key was used before, for a message with different content."""


class Accepted:
    """An accepted message; `fresh` is False if it was accepted before under its key."""

    __slots__ = ("fresh", "message")

    def __init__(self, message: Message, *, fresh: bool) -> None:
        self.message = message
        self.fresh = fresh


AdmissionResult = (
    Accepted
    | IdempotencyConflict
    | QuotaExceededError
    | SendingPaused
    | DuplicateMessage
    | ApprovalNeeded
)


class AlreadyAccepted(Exception):
    """The key was used meanwhile by another request: this transaction must be rolled back."""

    def __init__(self, accepted: Accepted) -> None:
        super().__init__(accepted.message.ref)
        self.accepted = accepted


async def admit(
    database: Database,
    connection: AsyncConnection,
    requests: Sequence[AdmissionRequest],
    allowance: Allowance,
) -> list[AdmissionResult]:
    """Admits or refuses each request, in order; no two of them may have the same key."""
    await database.acquire_lock(connection, INTAKE_LOCK)
    results = await _refused_or_known(
        UsageQueries(connection, database.dialect), requests, allowance
    )
    admitted = [index for index in range(len(requests)) if index not in results]
    allowed = [requests[index] for index in admitted]
    if allowed:
        messages = await insert_messages(connection, allowed)
        await insert_recipients(connection, messages, allowed)
        await record_acceptance(connection, messages, allowed)
        results |= {n: Accepted(one, fresh=True) for n, one in zip(admitted, messages, strict=True)}
    return [results[index] for index in range(len(requests))]


async def admit_one(
    database: Database, connection: AsyncConnection, request: AdmissionRequest, allowance: Allowance
) -> Accepted:
    """Admits one request, to any number of recipients, without blocking others while it is written.

    Its rows are written before the intake lock is taken, so the checks run twice: before writing,
    and again under the lock.

    Raises:
        IdempotencyConflict, QuotaExceededError, SendingPaused, DuplicateMessage, ApprovalNeeded:
            it is refused.
        AlreadyAccepted: it was accepted under the same key while it was written.
    """
    results = await _refused_or_known(
        UsageQueries(connection, database.dialect), [request], allowance
    )
    if results:
        return _accepted_or_raise(results[0])
    messages = await insert_messages(connection, [request])
    await insert_many_recipients(connection, messages[0], request, database.dialect)
    await database.acquire_lock(connection, INTAKE_LOCK)
    queries = UsageQueries(connection, database.dialect, own_message=messages[0].id)
    results = await _refused_or_known(queries, [request], allowance)
    if results:
        raise AlreadyAccepted(_accepted_or_raise(results[0]))
    await record_acceptance(connection, messages, [request])
    return Accepted(messages[0], fresh=True)


def _accepted_or_raise(result: AdmissionResult) -> Accepted:
    if isinstance(result, Exception):
        raise result
    return result


async def _refused_or_known(
    queries: UsageQueries, requests: Sequence[AdmissionRequest], allowance: Allowance
) -> dict[int, AdmissionResult]:
    """Returns the results of requests that are refused or known, by index; admit the others."""
    results = await _known_requests(queries.connection, requests)
    pause = await load_pause(queries.connection)
    usage = await queries.recent_usage(requests, allowance)
    for index, request in enumerate(requests):
        if index in results:
            continue
        exceeded = usage.check_limits(request, allowance)
        if pause is not None:
            results[index] = SendingPaused(pause)
        elif exceeded is not None:
            results[index] = QuotaExceededError(exceeded)
        elif usage.is_duplicate(request):
            results[index] = DuplicateMessage()
        elif usage.needs_approval(request, allowance):
            results[index] = ApprovalNeeded()
        else:
            usage.admit(request)
    return results


async def _known_requests(
    connection: AsyncConnection, requests: Sequence[AdmissionRequest]
) -> dict[int, AdmissionResult]:
    """Returns the results of requests whose key was used before, by index."""
    keys = [one.new.key for one in requests if one.new.key is not None]
    found: dict[DedupeKey, Row[Any]] = {}
    for scope in {key.scope for key in keys}:
        parameters = {"scope": scope, "keys": [k.key for k in keys if k.scope == scope]}
        rows = await connection.execute(_KNOWN_KEYS, parameters)
        found |= {DedupeKey(scope, row.key): row for row in rows}
    results: dict[int, AdmissionResult] = {}
    for index, request in enumerate(requests):
        row = found.get(request.new.key) if request.new.key else None
        if row is not None:
            results[index] = await _repeated(connection, request, row)
    return results


async def _repeated(
    connection: AsyncConnection, request: AdmissionRequest, row: Row[Any]
) -> AdmissionResult:
    earlier = None
    # Without a hash (an erasure cleared it), the key alone identifies the request.
    if row.content_hash in ("", request.new.content_hash):
        earlier = await load_message(connection, message.c.id == row.message_id)
    if earlier is None:
        return IdempotencyConflict(f"{row.scope}: the key was used for another message")
    return Accepted(earlier, fresh=False)
