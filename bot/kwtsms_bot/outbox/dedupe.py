"""Deduplication keys, and the lock under which messages are accepted one after another."""

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import dedupe
from kwtsms_bot.outbox.message import DedupeKey

INTAKE_LOCK = "accepting"  # Quotas hold only if messages are accepted one after another.


async def insert_key(connection: AsyncConnection, key: DedupeKey, now: datetime) -> None:
    """Uses up a one-time key.

    Raises:
        DuplicateKey: the key was used before.
    """
    await connection.execute(
        insert(dedupe).values(scope=key.scope, key=key.key, content_hash="", created_at=now)
    )
