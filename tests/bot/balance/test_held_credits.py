"""Credits held in kwtSMS's queue by test messages and stuck messages, for thirty days."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from kwtsms_bot.balance.store import BalanceStore, open_balance_store
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.outbox.delivery.rules import DeliveryUpdate
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox
from support.balance import record_balance
from support.database import AT, NUMBER, OTHER, new_message, outbox_in

MONTH = timedelta(days=30)
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=30)


async def send(outbox: Outbox, *, test: bool, stuck: bool) -> None:
    """Sends three pages to two numbers for six credits; `stuck` is for the second number."""
    await outbox.intake.accept(new_message(NUMBER, OTHER, pages=3, test=test), AT)
    call = await outbox.claims.claim("one", LEASE, AT)
    assert call
    assert await outbox.settlements.put_in_flight(call, LEASE, AT)
    await outbox.settlements.settle(
        call, Settlement(State.SENT, AT, gateway_id="f4c8", points=Decimal(6)), AT
    )
    tracked = await outbox.delivery.claim_check(AT + LEASE) if stuck else None
    if tracked:
        await outbox.delivery.record_check(
            tracked, DeliveryUpdate({OTHER: State.STUCK}), next_at=None, now=AT
        )


async def held_credits(alerts: BalanceStore, at: datetime) -> Decimal:
    """The held credits in the digest."""
    summary = await alerts.digests.summarize_day(at, KUWAIT_TZ)
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
    """A test message counts fully, a stuck number by its pages, and a sent number not at all."""
    async with outbox_in(tmp_path) as outbox:
        alerts = open_balance_store(outbox.database)
        await record_balance(alerts, 1000)
        await send(outbox, test=test, stuck=stuck)

        assert await held_credits(alerts, AT + MONTH) == cost
        assert await held_credits(alerts, AT + MONTH + SECOND) == 0
