"""Credits that stand in the gateway's queue: by tests and by stuck messages, for thirty days."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from kwtsms_bot.balance.store import BalanceStore
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.outbox.delivery.rules import DeliveryUpdate
from kwtsms_bot.outbox.dispatch.retry import Settlement
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.store import Store
from support.balance import record_balance
from support.database import AT, NUMBER, OTHER, new_message, store_in

MONTH = timedelta(days=30)
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=30)


async def send(outbox: Store, *, test: bool, stuck: bool) -> None:
    """Three pages to each of two numbers, charged with six credits; the second may get stuck."""
    await outbox.accept(new_message(NUMBER, OTHER, pages=3, test=test), AT)
    call = await outbox.claim("one", LEASE, AT)
    assert call
    assert await outbox.put_in_flight(call, LEASE, AT)
    await outbox.settle(call, Settlement(State.SENT, AT, gateway_id="f4c8", points=Decimal(6)), AT)
    tracked = await outbox.claim_check(AT + LEASE) if stuck else None
    if tracked:
        await outbox.record_check(
            tracked, DeliveryUpdate({OTHER: State.STUCK}), next_at=None, now=AT
        )


async def held_credits(alerts: BalanceStore, at: datetime) -> Decimal:
    """What a digest says of it."""
    summary = await alerts.summarize_day(at, KUWAIT_TZ)
    assert summary
    return summary.details.held_credits


@pytest.mark.parametrize(
    ("test", "stuck", "cost"), [(True, False, 6), (False, True, 3), (False, False, 0)]
)
async def test_stuck_and_test_messages_count_as_held_credits_for_a_month(
    tmp_path: Path,
    test: bool,  # noqa: FBT001
    stuck: bool,  # noqa: FBT001
    cost: int,
) -> None:
    """A test message as a whole, a stuck number by its pages, what has gone through not at all."""
    async with store_in(tmp_path) as outbox:
        alerts = BalanceStore(outbox.database)
        await record_balance(alerts, 1000)
        await send(outbox, test=test, stuck=stuck)

        assert await held_credits(alerts, AT + MONTH) == cost
        assert await held_credits(alerts, AT + MONTH + SECOND) == 0
