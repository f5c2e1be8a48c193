"""After a clock that was an hour fast is corrected, nothing waits for that hour."""

from datetime import timedelta

from sqlalchemy import update

from kwtsms_bot.database.tables import rate_limit
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.sql import LONGEST_LEASE, MAX_CLOCK_SKEW
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import DatabaseRateLimiter
from support.database import AT, new_message, opened, outbox_in

HOUR = timedelta(hours=1)
LEASE = timedelta(seconds=30)


async def test_what_was_accepted_then_is_due_now(database_url: str) -> None:
    """A message accepted by the fast clock is due at once."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(), AT + HOUR)
        await outbox.leases.reap_expired(AT)

        assert await outbox.claims.next_due() == AT
        assert await outbox.claims.claim("one", LEASE, AT)


async def test_what_was_put_off_then_waits_as_long_as_it_should(database_url: str) -> None:
    """A delay of thirty seconds stays thirty seconds."""
    wait = timedelta(seconds=30)
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(), AT + HOUR)
        call = await outbox.claims.claim("one", LEASE, AT + HOUR)
        assert call
        assert await outbox.settlements.put_in_flight(call, LEASE, AT + HOUR)
        await outbox.settlements.settle(call, Settlement(State.QUEUED, AT + HOUR + wait), AT + HOUR)
        await outbox.leases.reap_expired(AT)

        assert await outbox.claims.next_due() == AT + wait


async def test_what_waits_for_its_time_is_left_alone(database_url: str) -> None:
    """A long delay is not mistaken for a wrong clock."""
    late = AT + timedelta(minutes=5)
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(), AT)
        call = await outbox.claims.claim("one", LEASE, AT)
        assert call
        assert await outbox.settlements.put_in_flight(call, LEASE, AT)
        await outbox.settlements.settle(call, Settlement(State.QUEUED, late), AT)
        await outbox.leases.reap_expired(AT)

        assert await outbox.claims.next_due() == late


async def test_a_lease_granted_then_has_expired(database_url: str) -> None:
    """A lease that the fast clock wrote counts as expired."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(), AT + HOUR)
        assert await outbox.claims.claim("one", LEASE, AT + HOUR)

        assert await outbox.leases.reap_expired(AT) == (1, 0)


async def test_the_longest_lease_is_not_mistaken_for_a_wrong_clock(database_url: str) -> None:
    """A lease of ten minutes, the maximum, stays valid for a replica whose clock is behind."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(), AT)
        call = await outbox.claims.claim("one", LONGEST_LEASE, AT)
        assert call
        assert await outbox.settlements.put_in_flight(call, LONGEST_LEASE, AT)

        assert await outbox.leases.reap_expired(AT - MAX_CLOCK_SKEW) == (0, 0)


async def test_a_number_sent_to_then_has_no_cooldown_of_an_hour(database_url: str) -> None:
    """A cooldown that began by the fast clock does not last for an hour."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(), AT + HOUR)
        call = await outbox.claims.claim("one", LEASE, AT + HOUR)
        assert call
        assert await outbox.settlements.put_in_flight(call, LEASE, AT + HOUR)
        await outbox.intake.accept(new_message(text="second"), AT)

        assert await outbox.claims.claim("one", LEASE, AT)


async def test_slots_granted_then_do_not_delay_the_next(database_url: str) -> None:
    """A next free slot that is an hour ahead is ignored: nobody can be waiting for it."""
    async with opened(database_url) as database:
        limiter = DatabaseRateLimiter(database)
        await limiter.reserve()
        async with database.transaction() as connection:
            await connection.execute(
                update(rate_limit).values(next_free=await database.now() + HOUR)
            )
        mine = await limiter.reserve()

    assert mine.at <= mine.now
