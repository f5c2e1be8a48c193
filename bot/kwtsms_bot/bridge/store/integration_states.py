"""The latest requests of each integration, to all replicas."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.activity import REQUESTS_KEPT, IntegrationActivity, RequestOutcome
from kwtsms_bot.bridge.store.intake import database_time
from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import integration_state
from kwtsms_bot.outbox.sql import upsert

LOCK = "integration states"  # Replicas add to them one after the other.
MAX_REASON = 200
MAX_TOKENS = 10  # That have been used: replaced ones are not worth more.


@dataclass(frozen=True, slots=True)
class IntegrationState:
    """Requests of an integration."""

    last_at: datetime | None = None  # Of its last accepted request.
    accepted: int = 0
    refused: int = 0
    refused_at: datetime | None = None
    refused_why: str | None = None
    requests: tuple[RequestOutcome, ...] = ()  # The last ones, in order.
    tokens: Mapping[str, datetime] | None = None  # Last use by a token's last characters.
    overdue_since: datetime | None = None


class IntegrationStateStore:
    """Store of what integrations have sent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, activities: Mapping[str, IntegrationActivity]) -> None:
        """Adds what a process has received.

        Raises:
            DatabaseError: nothing was added, or it is not known whether it was.
        """
        async with self._database.transaction() as connection:
            await self._database.acquire_lock(connection, LOCK)
            now = await database_time(connection, self._database)
            stored = await _load(connection)
            for name, activity in sorted(activities.items()):
                values = _values(_merged(stored.get(name, IntegrationState()), activity, now))
                inserted = upsert(connection, integration_state).values(name=name, **values)
                await connection.execute(
                    inserted.on_conflict_do_update(index_elements=["name"], set_=values)
                )

    async def load(self) -> dict[str, IntegrationState]:
        """Returns what is stored, by integration."""
        async with self._database.reading() as connection:
            return await _load(connection)


async def _load(connection: AsyncConnection) -> dict[str, IntegrationState]:
    rows = await connection.execute(select(integration_state))
    return {row.name: _state(row) for row in rows}


async def set_overdue(connection: AsyncConnection, name: str, since: datetime | None) -> None:
    """Records since when an integration is overdue; None: it is not."""
    empty = _values(IntegrationState())
    inserted = upsert(connection, integration_state).values(name=name, **empty, overdue_since=since)
    await connection.execute(
        inserted.on_conflict_do_update(index_elements=["name"], set_={"overdue_since": since})
    )


def _merged(
    stored: IntegrationState, activity: IntegrationActivity, now: datetime
) -> IntegrationState:
    """Returns the state with what a process has received until now, by the database's clock."""
    new = tuple(activity.requests)
    requests = sorted((*stored.requests, *new), key=lambda one: one.at)[-REQUESTS_KEPT:]
    refused = [one for one in new if one.refusal]
    last_refused = max(refused, key=lambda one: one.at, default=None)
    tokens = dict(stored.tokens or {}) | activity.tokens
    newest = sorted(tokens, key=lambda one: tokens[one])[-MAX_TOKENS:]
    return IntegrationState(
        last_at=now if activity.accepted else stored.last_at,
        accepted=stored.accepted + activity.accepted,
        refused=stored.refused + activity.refused,
        refused_at=last_refused.at if last_refused else stored.refused_at,
        refused_why=last_refused.refusal if last_refused else stored.refused_why,
        requests=tuple(requests),
        tokens={one: tokens[one] for one in newest},
    )


def _state(row: Row[Any]) -> IntegrationState:
    return IntegrationState(
        row.last_at,
        row.accepted,
        row.refused,
        row.refused_at,
        row.refused_why,
        tuple(RequestOutcome(_time(at), count, why) for at, count, why in row.requests),
        {token: _time(at) for token, at in row.token_used.items()},
        row.overdue_since,
    )


def _values(state: IntegrationState) -> dict[str, Any]:
    return {
        "last_at": state.last_at,
        "accepted": state.accepted,
        "refused": state.refused,
        "refused_at": state.refused_at,
        "refused_why": state.refused_why and state.refused_why[:MAX_REASON],
        "token_used": {token: at.timestamp() for token, at in (state.tokens or {}).items()},
        "requests": [
            (one.at.timestamp(), one.accepted, one.refusal[:MAX_REASON]) for one in state.requests
        ],
    }


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
