"""On PostgreSQL everybody locks rows in one order, so that no two wait for each other.

Somebody else holds what a deed needs first. While the deed waits for it, it must hold nothing of
what comes later.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Select, insert, select, update

from kwtsms_bot.database.tables import attempt, hot_number, message, recipient, spending
from kwtsms_bot.outbox.admission import day_of
from kwtsms_bot.outbox.message import ClaimedCall, Priority, State
from kwtsms_bot.outbox.retry import Plan
from kwtsms_bot.outbox.tracking import Learned, Tracked
from support.database import AT, BY, NUMBER, OTHER, OneClock, new, opened
from support.postgres import waiting

LEASE, DAY = timedelta(seconds=30), timedelta(days=1)
LATER = AT + timedelta(hours=1)
Rows = Select[Any]
Deed = Callable[[OneClock], Awaitable[Awaitable[object]]]
SENT = Plan(State.SENT, AT, gateway_id="f4c8", points=Decimal(5))  # More than was expected.
THIRD = "96550000003"
ONE = 2  # The message that goes first, by its number.
# The order, and of each kind the row that the deeds below are about.
CALL: Rows = select(attempt.c.id).where(attempt.c.id == 1)
TO: Rows = select(recipient.c.id).where(recipient.c.id == 3)
HOT: Rows = select(hot_number.c.phone).where(hot_number.c.phone == NUMBER)
MESSAGE: Rows = select(message.c.id).where(message.c.id == ONE)
FIRST: Rows = select(recipient.c.id).where(recipient.c.id == 1)
SPENT: Rows = select(spending.c.day)
LADDER = [CALL, TO, HOT, MESSAGE, SPENT]
TODAY: Rows = SPENT.where(spending.c.day == day_of(AT))
TOMORROW: Rows = SPENT.where(spending.c.day == day_of(AT + DAY))
BULK: Rows = select(message.c.id).where(message.c.id == 1)


@asynccontextmanager
async def outbox(url: str) -> AsyncIterator[OneClock]:
    """A bulk to two, and then a message to one of them that goes first."""
    async with opened(url) as database:
        store = OneClock(database)
        await store.accept(new(NUMBER, OTHER, priority=Priority.BULK, expires_at=LATER), AT)
        await store.accept(new(NUMBER, text="one", expires_at=LATER), AT)
        rested = {"phone": NUMBER, "until": AT - LEASE, "attempt_id": 0}
        async with database.transaction() as connection:
            await connection.execute(insert(hot_number).values(rested))
        yield store


async def claimed(store: OneClock) -> ClaimedCall:
    """The next call."""
    call = await store.claim("one", LEASE, AT)
    assert call
    return call


async def in_flight(store: OneClock) -> ClaimedCall:
    """The same, on its way."""
    call = await claimed(store)
    assert await store.put_in_flight(call, LEASE, AT)
    return call


async def ref_of(store: OneClock) -> str:
    """The message that goes first."""
    found = await store.get(ONE)
    assert found
    return found.ref


async def leaves(store: OneClock) -> Awaitable[object]:
    """A call is put in flight."""
    return store.put_in_flight(await claimed(store), LEASE, AT)


async def settles(store: OneClock) -> Awaitable[object]:
    """An answer comes."""
    return store.settle(await in_flight(store), SENT, AT)


async def takes_over(store: OneClock) -> Awaitable[object]:
    """Its owner is gone."""
    await in_flight(store)
    return store.reap(LATER)


async def hears(store: OneClock) -> Awaitable[object]:
    """The phone has it."""
    call = await in_flight(store)
    await store.settle(call, SENT, AT)
    asked = Tracked(call.attempt, "f4c8", (NUMBER,), AT, 0)
    return store.note_check(asked, Learned({NUMBER: State.DELIVERED}), again_at=None, now=AT)


async def decides(store: OneClock) -> Awaitable[object]:
    """Nobody knows what became of it, and a person decides."""
    await in_flight(store)
    await store.reap(LATER)
    return store.send_again(await ref_of(store), LATER, BY)


async def cancels(store: OneClock) -> Awaitable[object]:
    """And takes it back."""
    await (await decides(store))
    return store.cancel(await ref_of(store), LATER, BY)


async def forgets(store: OneClock) -> Awaitable[object]:
    """One message has gone to the number, and what waits for it is taken back."""
    await store.settle(await in_flight(store), SENT, AT)
    return store.forget(NUMBER, LATER, actor="U1", cancel=True)


async def erases(store: OneClock) -> Awaitable[object]:
    """Both messages are old."""
    await store.settle(await in_flight(store), SENT, AT)
    other = await store.claim("one", LEASE, AT + LEASE)
    assert other
    assert await store.put_in_flight(other, LEASE, AT + LEASE)
    await store.settle(other, SENT, AT + LEASE)
    return store.erase(LATER)


async def gives_up(store: OneClock) -> Awaitable[object]:
    """Both were never sent."""
    return store.give_up(LATER, LATER)


async def looks(store: OneClock) -> Awaitable[object]:
    """A worker looks for what is next, and both are too old."""
    return store.claim("one", LEASE, LATER)


async def takes_two_over(store: OneClock) -> Awaitable[object]:
    """The owner of two calls is gone: the second call has the first recipients."""
    await claimed(store)
    await claimed(store)
    return store.reap(LATER)


async def sets_right(store: OneClock) -> Awaitable[object]:
    """The same of one call, after the bulk was put off by a clock that was a day ahead."""
    await claimed(store)
    ahead = {"due_at": LATER + DAY, "updated_at": LATER + DAY}
    async with store.database.transaction() as connection:
        await connection.execute(update(recipient).where(recipient.c.message_id == 1).values(ahead))
    return store.reap(LATER)


async def puts_back(store: OneClock) -> Awaitable[object]:
    """The owner of two calls does not know whether it has them."""
    await claimed(store)
    await claimed(store)
    return store.put_back("one", AT)


async def takes_back_two_days(store: OneClock) -> Awaitable[object]:
    """What waits for a number; the first of it was accepted by a clock that was a day ahead."""
    await store.accept(new(THIRD, text="ahead"), AT + DAY)
    await store.accept(new(THIRD, text="now"), AT)
    return store.forget(THIRD, LATER, actor="U1", cancel=True)


async def waits_without(url: str, deed: Deed, first: Rows, following: Sequence[Rows]) -> None:
    """While the deed waits for `first`, all of what follows is free."""
    async with outbox(url) as store, opened(url) as other:
        going = await deed(store)
        async with other.transaction() as connection:
            await connection.execute(first.with_for_update(key_share=True))
            task = asyncio.ensure_future(going)
            await waiting(url, 1)
            for rows in following:  # Fails at once where somebody has them.
                await connection.execute(rows.with_for_update(key_share=True, nowait=True))
        await task


@pytest.mark.parametrize(
    ("deed", "kind"),
    [
        *((deed, kind) for deed in (leaves, settles, forgets) for kind in LADDER[:-1]),
        *((deed, kind) for deed in (hears, decides, cancels) for kind in (CALL, TO, MESSAGE)),
        *((takes_over, kind) for kind in (TO, MESSAGE)),  # A call that somebody has, it lets be.
        *((deed, MESSAGE) for deed in (gives_up, looks)),
        *((erases, kind) for kind in (CALL, MESSAGE)),  # And such recipients.
    ],
)
async def test_everybody_locks_in_one_order(postgres_url: str, deed: Deed, kind: Rows) -> None:
    """Whatever a deed waits for, nothing that comes later is in its hands."""
    await waits_without(postgres_url, deed, kind, LADDER[LADDER.index(kind) + 1 :])


@pytest.mark.parametrize(
    ("deed", "first", "second"),
    [
        (takes_two_over, FIRST, TO),
        (sets_right, TO, FIRST),
        (puts_back, CALL, select(attempt.c.id).where(attempt.c.id == 2)),
        (puts_back, FIRST, TO),
        (erases, CALL, select(attempt.c.id).where(attempt.c.id == 2)),
        (takes_back_two_days, TODAY, TOMORROW),
        *((deed, BULK, MESSAGE) for deed in (forgets, erases, gives_up, looks, takes_two_over)),
    ],
)
async def test_of_one_kind_the_oldest_comes_first(
    postgres_url: str, deed: Deed, first: Rows, second: Rows
) -> None:
    """Several are locked by their numbers; who has some for another reason waits for none."""
    await waits_without(postgres_url, deed, first, [second])
