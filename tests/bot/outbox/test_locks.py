"""Two processes on one PostgreSQL: waits happen where they must, nowhere else, and end.

Simultaneous actions are forced: another transaction holds a lock that both need.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import message, number_cooldown, recipient
from kwtsms_bot.outbox.dedupe import INTAKE_LOCK
from kwtsms_bot.outbox.intake.store import MAX_BATCHED_RECIPIENTS
from kwtsms_bot.outbox.message import DedupeKey, Priority
from kwtsms_bot.outbox.quota.limits import UNLIMITED, Allowance, QuotaExceededError
from kwtsms_bot.outbox.store import Accepted, Outbox, open_outbox
from support.database import AT, NUMBER, OTHER, new_message, opened
from support.message_states import Secret, draft
from support.postgres import wait_for_lock_waiters

AcceptBulk = Callable[[Outbox], Coroutine[Any, Any, object]]
LEASE = timedelta(seconds=30)
NUMBERS = tuple(f"965{90000000 + number}" for number in range(MAX_BATCHED_RECIPIENTS + 1))
BULK = new_message(*NUMBERS, text="bulk", priority=Priority.BULK)
# Rows of a bulk wait while another transaction has this lock.
SLOW = (
    """CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END $$""",
    """CREATE TRIGGER slow BEFORE INSERT ON recipient FOR EACH ROW
        WHEN (NEW.priority = 2) EXECUTE FUNCTION slow()""",
)


@asynccontextmanager
async def two(url: str) -> AsyncIterator[tuple[Outbox, Outbox]]:
    """The outboxes of two processes."""
    async with opened(url) as one, opened(url) as other:
        yield open_outbox(one), open_outbox(other)


@asynccontextmanager
async def admission_lock(outbox: Outbox) -> AsyncIterator[AsyncConnection]:
    """Holds the intake lock while the block lasts."""
    async with outbox.database.transaction() as connection:
        await outbox.database.acquire_lock(connection, INTAKE_LOCK)
        yield connection


async def counted(outbox: Outbox) -> tuple[int, int]:
    """The number of messages, and the number of recipients."""
    async with outbox.database.reading() as connection:
        messages = (await connection.execute(select(func.count(message.c.id)))).scalar_one()
        recipients = (await connection.execute(select(func.count(recipient.c.id)))).scalar_one()
    return messages, recipients


async def test_an_accept_waits_for_the_one_in_progress(postgres_url: str) -> None:
    """Between counting usage and inserting, no other replica inserts anything."""
    async with two(postgres_url) as (one, other):
        async with admission_lock(other):
            asked = asyncio.create_task(one.intake.accept(new_message(), AT))
            await wait_for_lock_waiters(postgres_url, 1)

        assert (await asked).fresh


async def accept_bulk(outbox: Outbox) -> object:
    """Accepts the bulk directly."""
    return await outbox.intake.accept(BULK, AT)


async def confirm_bulk(outbox: Outbox) -> object:
    """Accepts the bulk from a confirmed draft."""
    asked = draft(Secret(NUMBER, "bulk"))
    await outbox.drafts.save_draft(asked)
    return await outbox.drafts.send_draft(asked.token, BULK, AT, UNLIMITED)


@pytest.mark.parametrize("accept", [accept_bulk, confirm_bulk])
async def test_a_bulk_is_written_while_others_come_and_go(
    postgres_url: str, accept: AcceptBulk
) -> None:
    """However long a bulk takes to write, every replica accepts and claims alerts."""
    async with two(postgres_url) as (one, other):
        async with one.database.transaction() as connection:
            for statement in SLOW:
                await connection.execute(text(statement))
        async with other.database.transaction() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(42)"))
            bulk = asyncio.create_task(accept(one))
            await wait_for_lock_waiters(postgres_url, 1)
            alerts = [
                await outbox.intake.accept(new_message(text="alert"), AT) for outbox in (one, other)
            ]
            call = await other.claims.claim("two", LEASE, AT)
            before = await counted(one)

        assert all(alert.fresh for alert in alerts)
        assert call
        assert before == (2, 2)
        assert await bulk
        assert await counted(one) == (3, 2 + len(NUMBERS))


@pytest.mark.parametrize(
    ("key", "allowance", "second"),
    [
        (DedupeKey("tool", "1"), UNLIMITED, Accepted),
        (None, Allowance(messages_per_hour=1), QuotaExceededError),
        (None, Allowance(per_number_per_hour=1), QuotaExceededError),
        (None, Allowance(credits_per_day=len(NUMBERS) + 1), QuotaExceededError),
    ],
    ids=["key", "person", "number", "day"],
)
async def test_of_two_bulks_at_once_one_comes_in(
    postgres_url: str, key: DedupeKey | None, allowance: Allowance, second: type
) -> None:
    """Both have written their rows when the first is admitted; the second leaves none."""
    asked = new_message(*NUMBERS, text="bulk", key=key)
    async with two(postgres_url) as stores:
        async with admission_lock(stores[0]):
            both = [
                asyncio.create_task(outbox.intake.accept(asked, AT, allowance)) for outbox in stores
            ]
            await wait_for_lock_waiters(postgres_url, 2)
        answers = await asyncio.gather(*both, return_exceptions=True)
        fresh = [one for one in answers if isinstance(one, Accepted) and one.fresh]
        (other,) = [one for one in answers if one not in fresh]

        assert len(fresh) == 1
        assert isinstance(other, second)
        assert await counted(stores[0]) == (1, len(NUMBERS))


async def test_a_bulk_keeps_the_order_of_its_numbers(database_url: str) -> None:
    """Recipients are sent to and listed in the order given."""
    backwards = NUMBERS[::-1]
    async with opened(database_url) as database:
        outbox = open_outbox(database)
        made = (await outbox.intake.accept(new_message(*backwards), AT)).message
        found = await outbox.messages.get(made.id)
        rows = await outbox.messages.recipients(made.id)

    assert found == made
    assert tuple(row.phone for row in rows) == backwards


async def test_a_claim_skips_locked_recipients(postgres_url: str) -> None:
    """A claim takes the other recipients of the message, and does not wait."""
    async with two(postgres_url) as (one, other):
        await one.intake.accept(new_message(NUMBER, OTHER), AT)
        async with other.database.transaction() as connection:
            locked = select(recipient.c.id).where(recipient.c.phone == OTHER).with_for_update()
            await connection.execute(locked)
            async with asyncio.timeout(20):
                call = await one.claims.claim("one", LEASE, AT)

    assert call
    assert [row.phone for row in call.recipients] == [NUMBER]


async def test_calls_that_share_numbers_do_not_lock_each_other_out(postgres_url: str) -> None:
    """Both wait for the same number while holding others, and take them in one order."""
    now = datetime.now(UTC)
    some = NUMBERS[:20]
    async with two(postgres_url) as stores:
        for outbox, numbers in zip(stores, (some, some[::-1]), strict=True):
            await outbox.intake.accept(new_message(*numbers), now)
        calls = [await outbox.claims.claim("one", LEASE, now) for outbox in stores]
        async with stores[0].database.transaction() as connection:
            middle = {"phone": some[10], "until": now, "attempt_id": 0}
            await connection.execute(insert(number_cooldown).values(middle))
            both = [
                asyncio.create_task(outbox.settlements.put_in_flight(call, LEASE, now))
                for outbox, call in zip(stores, calls, strict=True)
                if call
            ]
            await wait_for_lock_waiters(postgres_url, 2)
            await connection.execute(delete(number_cooldown))

        assert sorted(await asyncio.gather(*both)) == [False, True]
