"""On PostgreSQL all actions lock rows in one order, so that no two wait for each other.

Another transaction holds a row that an action needs. While the action waits for it, it must hold
no row that comes later in the order.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Select, insert, select, update

from kwtsms_bot.database.tables import attempt, message, number_cooldown, recipient, spending
from kwtsms_bot.outbox.delivery.rules import DeliveryUpdate, TrackedCall
from kwtsms_bot.outbox.message import ClaimedCall, Priority
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.quota.admission import day_of
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox
from support.database import ACTOR, AT, NUMBER, OTHER, caller_clock_outbox, new_message, opened
from support.postgres import wait_for_lock_waiters

LEASE, DAY = timedelta(seconds=30), timedelta(days=1)
LATER = AT + timedelta(hours=1)
Rows = Select[Any]
Action = Callable[[Outbox], Awaitable[Awaitable[object]]]
SENT = Settlement(State.SENT, AT, gateway_id="f4c8", points=Decimal(5))  # More than was expected.
THIRD = "96550000003"
ONE = 2  # The ID of the message that goes first.
# The lock order: of each kind, the row that the actions below lock.
CALL: Rows = select(attempt.c.id).where(attempt.c.id == 1)
TO: Rows = select(recipient.c.id).where(recipient.c.id == 3)
COOLDOWN: Rows = select(number_cooldown.c.phone).where(number_cooldown.c.phone == NUMBER)
MESSAGE: Rows = select(message.c.id).where(message.c.id == ONE)
FIRST: Rows = select(recipient.c.id).where(recipient.c.id == 1)
SPENT: Rows = select(spending.c.day)
LOCK_ORDER = [CALL, TO, COOLDOWN, MESSAGE, SPENT]
TODAY: Rows = SPENT.where(spending.c.day == day_of(AT))
TOMORROW: Rows = SPENT.where(spending.c.day == day_of(AT + DAY))
BULK: Rows = select(message.c.id).where(message.c.id == 1)


@asynccontextmanager
async def open_outbox_at(url: str) -> AsyncIterator[Outbox]:
    """An outbox with a bulk message to two, and a message to one of them that goes first."""
    async with opened(url) as database:
        outbox = caller_clock_outbox(database)
        await outbox.intake.accept(
            new_message(NUMBER, OTHER, priority=Priority.BULK, expires_at=LATER), AT
        )
        await outbox.intake.accept(new_message(NUMBER, text="one", expires_at=LATER), AT)
        cooldown = {"phone": NUMBER, "until": AT - LEASE, "attempt_id": 0}
        async with database.transaction() as connection:
            await connection.execute(insert(number_cooldown).values(cooldown))
        yield outbox


async def claimed(outbox: Outbox) -> ClaimedCall:
    """Claims the next call."""
    call = await outbox.claims.claim("one", LEASE, AT)
    assert call
    return call


async def in_flight(outbox: Outbox) -> ClaimedCall:
    """Claims the next call and puts it in flight."""
    call = await claimed(outbox)
    assert await outbox.settlements.put_in_flight(call, LEASE, AT)
    return call


async def ref_of(outbox: Outbox) -> str:
    """The reference of the message that goes first."""
    found = await outbox.messages.get(ONE)
    assert found
    return found.ref


async def put_in_flight(outbox: Outbox) -> Awaitable[object]:
    """Puts a call in flight."""
    return outbox.settlements.put_in_flight(await claimed(outbox), LEASE, AT)


async def settle(outbox: Outbox) -> Awaitable[object]:
    """Settles a call."""
    return outbox.settlements.settle(await in_flight(outbox), SENT, AT)


async def reap_expired(outbox: Outbox) -> Awaitable[object]:
    """Reclaims a call whose owner is gone."""
    await in_flight(outbox)
    return outbox.leases.reap_expired(LATER)


async def record_delivery(outbox: Outbox) -> Awaitable[object]:
    """Records the delivery of a call."""
    call = await in_flight(outbox)
    await outbox.settlements.settle(call, SENT, AT)
    tracked = TrackedCall(call.attempt, "f4c8", (NUMBER,), AT, 0)
    return outbox.delivery.record_check(
        tracked, DeliveryUpdate({NUMBER: State.DELIVERED}), next_at=None, now=AT
    )


async def decide(outbox: Outbox) -> Awaitable[object]:
    """Sends an unknown message again."""
    await in_flight(outbox)
    await outbox.leases.reap_expired(LATER)
    return outbox.decisions.send_again(await ref_of(outbox), LATER, ACTOR)


async def cancel(outbox: Outbox) -> Awaitable[object]:
    """Cancels a message that was to be sent again."""
    await (await decide(outbox))
    return outbox.cancellation.cancel(await ref_of(outbox), LATER, ACTOR)


async def erase_number(outbox: Outbox) -> Awaitable[object]:
    """Erases a number that has one message, and cancels another one to it."""
    await outbox.settlements.settle(await in_flight(outbox), SENT, AT)
    return outbox.eraser.erase_number(NUMBER, LATER, actor="U1", cancel=True)


async def purge(outbox: Outbox) -> Awaitable[object]:
    """Erases two old messages."""
    await outbox.settlements.settle(await in_flight(outbox), SENT, AT)
    other = await outbox.claims.claim("one", LEASE, AT + LEASE)
    assert other
    assert await outbox.settlements.put_in_flight(other, LEASE, AT + LEASE)
    await outbox.settlements.settle(other, SENT, AT + LEASE)
    return outbox.purge.erase(LATER)


async def expire_overdue(outbox: Outbox) -> Awaitable[object]:
    """Expires two messages that were never sent."""
    return outbox.purge.expire_overdue(LATER, LATER)


async def claim_next(outbox: Outbox) -> Awaitable[object]:
    """Claims the next call while both messages are overdue."""
    return outbox.claims.claim("one", LEASE, LATER)


async def reap_two(outbox: Outbox) -> Awaitable[object]:
    """Reclaims two calls, of which the second has the first recipients."""
    await claimed(outbox)
    await claimed(outbox)
    return outbox.leases.reap_expired(LATER)


async def correct_clock(outbox: Outbox) -> Awaitable[object]:
    """Reclaims a call while the bulk has due times of a clock that was a day ahead."""
    await claimed(outbox)
    ahead = {"due_at": LATER + DAY, "updated_at": LATER + DAY}
    async with outbox.database.transaction() as connection:
        await connection.execute(update(recipient).where(recipient.c.message_id == 1).values(ahead))
    return outbox.leases.reap_expired(LATER)


async def release_owned(outbox: Outbox) -> Awaitable[object]:
    """Releases two calls of one owner."""
    await claimed(outbox)
    await claimed(outbox)
    return outbox.leases.release_owned("one", AT)


async def cancel_two_days(outbox: Outbox) -> Awaitable[object]:
    """Cancels messages of two days; the first was accepted by a clock a day ahead."""
    await outbox.intake.accept(new_message(THIRD, text="ahead"), AT + DAY)
    await outbox.intake.accept(new_message(THIRD, text="now"), AT)
    return outbox.eraser.erase_number(THIRD, LATER, actor="U1", cancel=True)


async def assert_unlocked(url: str, action: Action, first: Rows, following: Sequence[Rows]) -> None:
    """Checks that the rows in `following` are unlocked while the action waits for `first`."""
    async with open_outbox_at(url) as outbox, opened(url) as other:
        step = await action(outbox)
        async with other.transaction() as connection:
            await connection.execute(first.with_for_update(key_share=True))
            task = asyncio.ensure_future(step)
            await wait_for_lock_waiters(url, 1)
            for rows in following:  # Fails at once if they are locked.
                await connection.execute(rows.with_for_update(key_share=True, nowait=True))
        await task


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        *(
            (action, kind)
            for action in (put_in_flight, settle, erase_number)
            for kind in LOCK_ORDER[:-1]
        ),
        *(
            (action, kind)
            for action in (record_delivery, decide, cancel)
            for kind in (CALL, TO, MESSAGE)
        ),
        *((reap_expired, kind) for kind in (TO, MESSAGE)),  # It skips calls that are locked.
        *((action, MESSAGE) for action in (expire_overdue, claim_next)),
        *((purge, kind) for kind in (CALL, MESSAGE)),  # It skips such recipients too.
    ],
)
async def test_everybody_locks_in_one_order(postgres_url: str, action: Action, kind: Rows) -> None:
    """An action that waits for a row holds no row that comes later in the order."""
    await assert_unlocked(postgres_url, action, kind, LOCK_ORDER[LOCK_ORDER.index(kind) + 1 :])


@pytest.mark.parametrize(
    ("action", "first", "second"),
    [
        (reap_two, FIRST, TO),
        (correct_clock, TO, FIRST),
        (release_owned, CALL, select(attempt.c.id).where(attempt.c.id == 2)),
        (release_owned, FIRST, TO),
        (purge, CALL, select(attempt.c.id).where(attempt.c.id == 2)),
        (cancel_two_days, TODAY, TOMORROW),
        *(
            (action, BULK, MESSAGE)
            for action in (erase_number, purge, expire_overdue, claim_next, reap_two)
        ),
    ],
)
async def test_of_one_kind_the_oldest_comes_first(
    postgres_url: str, action: Action, first: Rows, second: Rows
) -> None:
    """Several rows of a kind are locked by ID; after other locks, locked rows are skipped."""
    await assert_unlocked(postgres_url, action, first, [second])
