"""Whether messages are let in: asked once for all who come together, and one after the other.

What is refused has written nothing.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import dedupe, message
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
from kwtsms_bot.outbox.quota.limits import Allowance, DuplicateMessage, QuotaExceededError
from kwtsms_bot.outbox.quota.usage_store import UsageQueries

INTAKE_LOCK = "accepting"  # Limits hold only where one accepts after the other.
_KNOWN_KEYS = select(dedupe).where(
    dedupe.c.scope == bindparam("scope"), dedupe.c.key.in_(bindparam("keys", expanding=True))
)


class IdempotencyConflict(Exception):
    """The same key came with another content: it is not the same request."""


class Accepted:
    """What was accepted, and whether it is new or was accepted before."""

    __slots__ = ("fresh", "message")

    def __init__(self, message: Message, *, fresh: bool) -> None:
        self.message = message
        self.fresh = fresh


AdmissionResult = (
    Accepted | IdempotencyConflict | QuotaExceededError | SendingPaused | DuplicateMessage
)


class AlreadyAccepted(Exception):
    """Somebody was faster under the same key: what is written of this one has to be undone."""

    def __init__(self, accepted: Accepted) -> None:
        super().__init__(accepted.message.ref)
        self.accepted = accepted


async def admit(
    database: Database,
    connection: AsyncConnection,
    requests: Sequence[AdmissionRequest],
    allowance: Allowance,
) -> list[AdmissionResult]:
    """What becomes of each of them, in their order. No two of them have the same key."""
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
    """Lets in one, to however many: nobody else has to wait while its recipients are written.

    They are in nobody's way until all of it is there, so it is asked twice whether it may come in:
    before, and with the door closed.

    Raises:
        KeyReused, OverLimit, Paused, SentBefore: it may not.
        AcceptedBefore: it has come in while it was written.
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
    """The answers to those that are not let in; the others may be written."""
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
        else:
            usage.admit(request)
    return results


async def _known_requests(
    connection: AsyncConnection, requests: Sequence[AdmissionRequest]
) -> dict[int, AdmissionResult]:
    """The answers to those whose key was used before."""
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
    # Without a hash: its message is forgotten, and it is the same request by its key alone.
    if row.content_hash in ("", request.new.content_hash):
        earlier = await load_message(connection, message.c.id == row.message_id)
    if earlier is None:
        return IdempotencyConflict(f"{row.scope}: the key was used for another message")
    return Accepted(earlier, fresh=False)
