"""The balance store in a real database: samples, notices, and the cost of our own calls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from kwtsms_bot.balance.rules import BalanceNotice, NoticeKind, NoticeRules, Thresholds
from kwtsms_bot.balance.samples import Sample
from kwtsms_bot.balance.store import deliveries, open_balance_store
from kwtsms_bot.database import Database, open_database
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.retention.restore import RestoreStore
from kwtsms_bot.outbox.states import State
from support.database import AT, NUMBER, OTHER, caller_clock_outbox, new_message

HOUR = timedelta(hours=1)
LEASE = timedelta(seconds=30)
RULES = NoticeRules(Thresholds(Decimal(200), Decimal(50), timedelta(days=1)), KUWAIT_TZ)


class Bench:
    """An outbox and a balance store in one database."""

    def __init__(self, database: Database) -> None:
        self.outbox, self.alerts = caller_clock_outbox(database), open_balance_store(database)

    async def poll(self, available: int, at: datetime, *targets: str) -> BalanceNotice | None:
        """Records a sample and returns its notice; the default target is C1."""
        after = await self.alerts.samples.newest_sample_id()
        return await self.alerts.samples.record_sample(
            Decimal(available), at, after=after, rules=RULES, targets=targets or ("C1",)
        )

    async def send(
        self, at: datetime, settlement: Settlement | None, *numbers: str, test: bool = False
    ) -> None:
        """Sends a message in one call that ends with `settlement`; None leaves it in flight."""
        await self.outbox.intake.accept(
            new_message(*(numbers or (NUMBER,)), text=str(at), test=test), at
        )
        call = await self.outbox.claims.claim("one", LEASE, at)
        assert call
        assert await self.outbox.settlements.put_in_flight(call, LEASE, at)
        if settlement is not None:
            await self.outbox.settlements.settle(call, settlement, at)

    async def last(self) -> Sample:
        """The newest sample."""
        found = await self.alerts.samples.last_sample(AT - 100 * HOUR)
        assert found
        return found


@asynccontextmanager
async def bench(url: str) -> AsyncIterator[Bench]:
    """A bench with an empty database."""
    database = await open_database(url)
    try:
        yield Bench(database)
    finally:
        await database.close()


def sent(points: int) -> Settlement:
    """A settlement for a message that the gateway accepted for so many credits."""
    return Settlement(State.SENT, AT, gateway_id="f4c8", points=Decimal(points))


UNKNOWN = Settlement(State.UNKNOWN, AT, reason="No answer came.")


async def test_the_last_sample_is_the_newest_and_not_too_old(database_url: str) -> None:
    """The last sample is the newest one; older samples than requested are not returned."""
    async with bench(database_url) as b:
        for hours, available in ((0, 10), (1, 9), (2, 8)):
            await b.poll(available, AT + hours * HOUR)

        assert (await b.last()).available == 8
        assert await b.alerts.samples.last_sample(AT + 3 * HOUR) is None


async def test_a_sample_knows_what_our_calls_cost_since_the_one_before(database_url: str) -> None:
    """The cost of a call belongs to the next sample only."""
    async with bench(database_url) as b:
        await b.poll(1000, AT)
        await b.send(AT + HOUR / 2, sent(3))
        await b.poll(997, AT + HOUR)
        await b.poll(990, AT + 2 * HOUR)

        costs = [one.own_cost for one in await b.alerts.samples.samples(AT)]
        assert costs == [0, 3, 0]


async def test_a_sample_during_a_call_knows_nothing_of_our_calls(database_url: str) -> None:
    """The balance may or may not include a call in flight; the next complete sample counts it."""
    async with bench(database_url) as b:
        await b.poll(1000, AT)
        await b.send(AT + HOUR / 2, sent(3))
        await b.send(AT + HOUR, None)
        await b.poll(996, AT + HOUR)
        assert (await b.last()).own_cost is None

        await b.outbox.leases.reap_expired(AT + HOUR + 2 * LEASE)
        await b.poll(996, AT + 2 * HOUR)
        assert await b.last() == Sample(AT + 2 * HOUR, Decimal(996), Decimal(3), Decimal(1))


async def test_a_sample_right_after_a_call_may_have_been_too_early(database_url: str) -> None:
    """A sample right after a call has no own cost, because replicas' clocks differ slightly."""
    async with bench(database_url) as b:
        await b.poll(1000, AT)
        await b.send(AT + HOUR, sent(3))
        await b.poll(1000, AT + HOUR + timedelta(seconds=1))

        assert (await b.last()).own_cost is None


async def test_a_call_of_unknown_outcome_may_have_cost_a_page_each(database_url: str) -> None:
    """The uncertain cost is kept separately from the known cost, and counts once."""
    async with bench(database_url) as b:
        await b.poll(1000, AT)
        await b.send(AT + HOUR / 2, UNKNOWN, NUMBER, OTHER)
        await b.poll(998, AT + HOUR)
        assert await b.last() == Sample(AT + HOUR, Decimal(998), Decimal(0), Decimal(2))

        await b.poll(998, AT + 2 * HOUR)
        assert (await b.last()).uncertain_cost == 0


async def test_a_clock_that_was_ahead_blames_nobody(database_url: str) -> None:
    """After a sample from the future, own cost is calculated from the last sample before now."""
    async with bench(database_url) as b:
        await b.poll(1000, AT)
        await b.poll(1000, AT + 9000 * HOUR)
        await b.send(AT + HOUR / 2, sent(100))
        notice = await b.poll(199, AT + HOUR)

        assert notice
        assert notice.details.external_usage == 701


async def test_external_usage_is_in_the_warning(database_url: str) -> None:
    """External usage is shown only if it exceeds a tenth of the threshold."""
    async with bench(database_url) as b:
        await b.poll(300, AT)
        await b.send(AT + HOUR / 2, sent(80))
        notice = await b.poll(199, AT + HOUR)
        assert notice
        assert notice.details.external_usage == 21

        await b.poll(1000, AT + 2 * HOUR)
        await b.poll(220, AT + 30 * HOUR)
        low = await b.poll(199, AT + 60 * HOUR)
        assert low
        assert low.details.external_usage == 21


async def test_held_credits_of_test_messages_are_in_the_warning(database_url: str) -> None:
    """Test messages are charged, and their credits return when somebody deletes the messages."""
    async with bench(database_url) as b:
        await b.send(AT, sent(36), test=True)
        await b.send(AT + HOUR, sent(5))
        notice = await b.poll(100, AT + 2 * HOUR)

        assert notice
        assert notice.details.held_credits == 36


async def test_a_back_up_that_is_restored_blames_nobody(database_url: str) -> None:
    """Sends after the backup are unknown, so they do not count as external usage."""
    async with bench(database_url) as b:
        await b.poll(1000, AT)
        await RestoreStore(b.outbox.database).mark_unknown("shell:root", AT + 30 * HOUR)
        notice = await b.poll(150, AT + 30 * HOUR)
        assert notice
        assert notice.details.external_usage == 0

        await b.poll(1000, AT + 31 * HOUR)
        later = await b.poll(120, AT + 32 * HOUR)
        assert later
        assert later.details.external_usage == 880


async def test_a_stalled_replica_decides_nothing(database_url: str) -> None:
    """A balance that was read before a newer sample is neither stored nor warned about."""
    async with bench(database_url) as b:
        await b.poll(1000, AT)
        before = await b.alerts.samples.newest_sample_id()
        await b.poll(990, AT + HOUR)
        late = await b.alerts.samples.record_sample(
            Decimal(10), AT + HOUR / 2, after=before, rules=RULES, targets=["C1"]
        )

        assert late is None
        assert await b.alerts.notices.list_pending("C1") == ()
        assert (await b.last()).available == 990


async def test_the_digest_counts_yesterday(database_url: str) -> None:
    """The digest covers yesterday's outcomes, usage and held credits, and nothing from today."""
    midnight = datetime(2026, 11, 23, tzinfo=KUWAIT_TZ)
    async with bench(database_url) as b:
        yesterday = midnight - 12 * HOUR
        await b.poll(1000, midnight - 24 * HOUR)
        await b.send(yesterday, sent(2), NUMBER, OTHER)
        await b.send(yesterday + HOUR, UNKNOWN)
        await b.send(yesterday + 2 * HOUR, Settlement(State.REJECTED, AT, code="ERR008"))
        await b.send(yesterday + 3 * HOUR, sent(4), test=True)
        await b.poll(950, midnight)
        await b.send(midnight + HOUR, sent(1))
        await b.poll(949, midnight + 2 * HOUR)
        summary = await b.alerts.digests.summarize_day(midnight + 3 * HOUR, KUWAIT_TZ)

    assert summary
    details, day = summary.details, summary.details.daily_summary
    assert day
    assert (summary.kind, summary.available) == (NoticeKind.DIGEST, Decimal(949))
    assert day.day == date(2026, 11, 22)
    assert (day.sent, day.failed, day.unknown) == (3, 1, 1)
    assert (details.held_credits, day.used) == (Decimal(4), Decimal(50))
    assert day.balances == ((date(2026, 11, 22), Decimal(1000)),)


async def test_a_digest_that_nobody_got_makes_room_for_the_next(database_url: str) -> None:
    """A new digest replaces an undelivered one, so that an outage leaves only the newest."""
    async with bench(database_url) as b:
        await b.poll(100, AT, "C1")
        for days in range(3):
            now = AT + timedelta(days=days)
            summary = await b.alerts.digests.summarize_day(now, KUWAIT_TZ)
            assert summary
            assert await b.alerts.digests.enqueue_digest(now.date(), summary, ["C1"], now)
            assert not await b.alerts.digests.enqueue_digest(now.date(), summary, ["C1"], now)

        waiting = await b.alerts.notices.list_pending("C1")
        assert [(one.notice.kind, one.at) for one in waiting] == [
            (NoticeKind.LOW, AT),
            (NoticeKind.DIGEST, AT + timedelta(days=2)),
        ]


async def test_a_reminder_that_nobody_got_makes_room_for_the_next(database_url: str) -> None:
    """Reminders are replaced, but each crossing is still delivered."""
    async with bench(database_url) as b:
        for days, available in enumerate([100, 100, 100, 10, 10, 1000]):
            await b.poll(available, AT + timedelta(days=days), "C1")

        kinds = [one.notice.kind for one in await b.alerts.notices.list_pending("C1")]
        assert kinds == [NoticeKind.LOW, NoticeKind.CRITICAL, NoticeKind.ALL_CLEAR]


async def test_there_is_no_digest_before_the_first_sample(database_url: str) -> None:
    """Before the first sample, there is no digest."""
    async with bench(database_url) as b:
        assert await b.alerts.digests.summarize_day(AT, KUWAIT_TZ) is None


async def test_a_notice_is_claimed_by_one_replica(database_url: str) -> None:
    """A claimed notice cannot be claimed again, until a failed delivery releases it."""
    async with bench(database_url) as b:
        await b.poll(100, AT, "C1", "C2")
        (first,), (second,) = (
            await b.alerts.notices.list_pending("C1"),
            await b.alerts.notices.list_pending("C2"),
        )

        assert await b.alerts.notices.claim(first)
        assert not await b.alerts.notices.claim(first)
        assert await b.alerts.notices.list_pending("C1") == ()
        await b.alerts.notices.release(first)
        assert await b.alerts.notices.claim(first)
        await b.alerts.notices.record_delivery(first)
        assert not await b.alerts.notices.claim(first)
        assert await b.alerts.notices.list_pending("C1") == ()
        assert await b.alerts.notices.list_pending("C2") == (second,)


async def test_a_replica_that_is_gone_does_not_keep_a_notice(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the lease expires, another replica may deliver the notice."""
    async with bench(database_url) as b:
        await b.poll(100, AT, "C1")
        (only,) = await b.alerts.notices.list_pending("C1")
        monkeypatch.setattr(deliveries, "CLAIM", replace(deliveries.CLAIM, lease=timedelta(0)))
        assert await b.alerts.notices.claim(only)

        assert await b.alerts.notices.claim(only)
