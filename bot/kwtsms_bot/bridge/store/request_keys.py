"""Keys of requests to an integration: the same request again within a day changes nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.episodes import AlertOutcome
from kwtsms_bot.bridge.reports import AlertResult
from kwtsms_bot.database.tables import request_key
from kwtsms_bot.outbox.retention.request_keys import KEY_LASTS

ACCEPTED = 200
Results = tuple[AlertResult, ...]


@dataclass(frozen=True, slots=True)
class HookKey:
    """Idempotency key of a request, and what the request contains, as digests."""

    scope: str
    key_hash: str
    body_hash: str


def hook_key(integration: str, written: str, body: bytes) -> HookKey | None:
    """The key of a request to an integration; None if none was written."""
    if not written:
        return None
    return HookKey(f"hook:{integration}", _digest(written.encode()), _digest(body))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class RememberedResults:
    """The results of earlier requests, by their keys; new ones are added as they are made."""

    def __init__(self, answers: Mapping[HookKey, Results]) -> None:
        self._answers = dict(answers)
        self._new: dict[tuple[str, str], tuple[HookKey, Results]] = {}

    def find(self, key: HookKey | None) -> Results | None:
        """The results of the same request, as a repeat; None if it is new.

        Another body under the same key is a new request: alerts must not be lost.
        """
        found = self._answers.get(key) if key else None
        if found is None:
            return None
        return tuple(
            AlertResult(one.ref, one.key, AlertOutcome.REPEAT, "none", "repeat") for one in found
        )

    def add(self, key: HookKey | None, results: Results) -> None:
        """Adds the results of a new request."""
        if key is not None:
            self._answers[key] = results
            self._new[key.scope, key.key_hash] = (key, results)

    async def write(self, connection: AsyncConnection, now: datetime) -> None:
        """Stores what was added."""
        if not self._new:
            return
        await connection.execute(delete(request_key).where(_identity().in_(list(self._new))))
        rows = [_row(key, results, now) for key, results in self._new.values()]
        await connection.execute(insert(request_key), rows)


async def load_remembered(
    connection: AsyncConnection, keys: Sequence[HookKey | None], now: datetime
) -> RememberedResults:
    """Loads the results of a day that have one of these keys."""
    named = {(key.scope, key.key_hash) for key in keys if key}
    if not named:
        return RememberedResults({})
    query = select(request_key).where(
        _identity().in_(list(named)), request_key.c.created_at > now - KEY_LASTS
    )
    rows = (await connection.execute(query)).all()
    bodies = {(row.scope, row.key_hash): row for row in rows}
    answers = {
        key: _results(row.answer)
        for key in keys
        if key and (row := bodies.get((key.scope, key.key_hash)))
        # Without a hash (an erasure cleared it), the key alone identifies the request.
        if row.body_hash in ("", key.body_hash)
    }
    return RememberedResults(answers)


def _identity() -> Any:
    return tuple_(request_key.c.scope, request_key.c.key_hash)


def _row(key: HookKey, results: Results, now: datetime) -> dict[str, Any]:
    return {
        "scope": key.scope,
        "key_hash": key.key_hash,
        "body_hash": key.body_hash,
        "status": ACCEPTED,
        "answer": {"alerts": [{"ref": one.ref, "key": one.key} for one in results]},
        "created_at": now,
    }


def _results(answer: Mapping[str, Any]) -> Results:
    return tuple(
        AlertResult(one["ref"], one["key"], AlertOutcome.REPEAT, "none", "repeat")
        for one in answer["alerts"]
    )
