"""Reads what defers all messages about alerts."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.bundling import Gate
from kwtsms_bot.outbox.flow_control.breaker_store import is_half_open, load_breaker
from kwtsms_bot.outbox.flow_control.kill_switch import load_pause
from kwtsms_bot.outbox.quota.admission import day_of
from kwtsms_bot.outbox.quota.usage_store import spent_on

BUDGET = "bridge"


async def load_gate(connection: AsyncConnection, now: datetime, credits_per_day: int) -> Gate:
    """Returns the conditions under which messages about alerts may leave at this moment."""
    breaker = await load_breaker(connection)
    return Gate(
        now=now,
        paused=await load_pause(connection) is not None,
        breaker_open=breaker.open,
        trial=await is_half_open(connection),
        spent=await spent_on(connection, day_of(now), BUDGET),
        credits_per_day=credits_per_day,
    )
