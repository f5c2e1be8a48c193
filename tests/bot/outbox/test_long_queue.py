"""The next call is found by index look-ups, however long the queue is."""

from datetime import timedelta
from pathlib import Path

import pytest

from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox
from support.database import AT, NUMBER, OTHER, new_message, outbox_in, record_statements

LEASE = timedelta(seconds=30)
NUMBERS = tuple(f"965{90000000 + number}" for number in range(300))
SENT = Settlement(State.SENT, AT, gateway_id="f4c8")


async def one_call(outbox: Outbox) -> None:
    """Claims and sends a call with a number in cooldown, and reaps expired leases."""
    await outbox.intake.accept(new_message(NUMBERS[0]), AT)
    await outbox.intake.accept(new_message(*NUMBERS), AT)
    for _ in range(2):
        call = await outbox.claims.claim("one", LEASE, AT)
        assert call
        assert await outbox.settlements.put_in_flight(call, LEASE, AT)
        await outbox.settlements.settle(call, SENT, AT)
    assert await outbox.claims.claim("one", LEASE, AT)
    await outbox.leases.reap_expired(AT + LEASE)


async def test_a_call_is_claimed_without_a_scan_of_the_queue(tmp_path: Path) -> None:
    """No statement reads the whole queue or a whole table."""
    async with outbox_in(tmp_path) as outbox:
        with record_statements(outbox.database) as said:
            await one_call(outbox)
        changes = [one for one in said if one[0].startswith("UPDATE recipient")]
        plans = []
        async with outbox.database.reading() as connection:
            for statement, parameters in changes:
                query = f"EXPLAIN QUERY PLAN {statement}"
                rows = (await connection.exec_driver_sql(query, parameters)).all()
                plans.append((statement, " ".join(row.detail for row in rows)))

    assert len(changes) >= 8
    corrected = [plan for statement, plan in plans if "due_at - recipient.updated_at" in statement]
    others = [plan for _, plan in plans if plan not in corrected]
    assert all("ix_recipient_state_priority_due_at_id" in plan for plan in corrected)
    assert [plan for plan in others if "ix_recipient_state" in plan] == []
    assert [plan for _, plan in plans if "SCAN recipient" in plan] == []


@pytest.mark.parametrize("count", [1, 200])
async def test_numbers_in_one_cooldown_are_deferred_in_one_statement(
    database_url: str, count: int
) -> None:
    """All of them are deferred together, each until its own cooldown ends."""
    later = AT + timedelta(seconds=3)
    async with outbox_in(database_url) as outbox:
        for at, numbers in ((AT, NUMBERS[:count]), (later, (NUMBER,))):
            await outbox.intake.accept(new_message(*numbers, text=f"first {at}"), at)
            call = await outbox.claims.claim("one", LEASE, at)
            assert call
            assert await outbox.settlements.put_in_flight(call, LEASE, at)
        message = (
            await outbox.intake.accept(new_message(*NUMBERS[:count], NUMBER, OTHER), later)
        ).message
        call = await outbox.claims.claim("one", LEASE, later)
        # All of the first 200 may have been in cooldown.
        call = call or await outbox.claims.claim("one", LEASE, later)
        assert call
        queued = await outbox.messages.recipients(message.id, (State.QUEUED,))

    assert [one.phone for one in call.recipients] == [OTHER]
    assert {one.due_at - AT for one in queued[:count]} == {timedelta(seconds=16)}
    assert [one.due_at - AT for one in queued[count:]] == [timedelta(seconds=19)]
