"""Deliveries are polled at their times, by one replica, and never before a send."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.outbox.delivery.poller import DeliveryPoller
from kwtsms_bot.outbox.delivery.rules import (
    CHECK_DELAYS,
    REPORT_DELAY,
    DeliveryUpdate,
    TrackedCall,
    next_check,
    wants_report,
)
from kwtsms_bot.outbox.delivery.status_client import StatusClient
from kwtsms_bot.outbox.delivery.store import CHECK_LEASE
from kwtsms_bot.outbox.flow_control import rate_limiter
from kwtsms_bot.outbox.flow_control.circuit_breaker import FAILURE_THRESHOLD, ResponseKind
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import DatabaseRateLimiter, Outbox
from kwtsms_client import AsyncClient, Credentials
from kwtsms_sandbox.gateway import Fault, RunningGateway
from support.database import ACTOR, AT, NUMBER, OTHER, new_message, outbox_in
from support.gateway import running_gateway

LEASE = timedelta(seconds=30)
ABROAD = "966512345678"
ABROAD_TOO = "971501234567"
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
LONG = timedelta(minutes=4)  # Longer than any test takes.


@pytest.fixture(autouse=True, scope="module")
def _a_machine_at_work_is_not_late() -> Iterator[None]:
    """Tolerates a slow database here; the tests of the rate limiter cover late slots."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rate_limiter, "MAX_START_AGE_SECONDS", 60.0)
        yield


@dataclass
class Bench:
    """An outbox, the sandbox account, and pollers that run on demand."""

    outbox: Outbox
    running: RunningGateway
    account: AsyncClient
    limiter: DatabaseRateLimiter
    passed: list[timedelta] = field(default_factory=lambda: [timedelta(0)])

    @property
    def poller(self) -> DeliveryPoller:
        """The poller of one replica."""
        status_client = StatusClient(self.account, self.limiter)
        return DeliveryPoller(
            status_client,
            delivery=self.outbox.delivery,
            claims=self.outbox.claims,
            breaker=self.outbox.breaker,
            clock=lambda: AT + self.passed[0],
        )

    @property
    def asked(self) -> list[str]:
        """The polls that the gateway has received, in order."""
        endpoints = (request.endpoint for request in self.running.gateway.requests)
        return [endpoint for endpoint in endpoints if endpoint in ("status", "dlr")]

    def later(self, passed: timedelta) -> None:
        """Sets the time passed since the first message."""
        self.passed[0] = passed

    async def sent(self, *phones: str) -> Message:
        """A message that the gateway has accepted."""
        now = AT + self.passed[0]
        message = (await self.outbox.intake.accept(new_message(*phones), now)).message
        call = await self.outbox.claims.claim("one", LEASE, now)
        assert call
        assert await self.outbox.settlements.put_in_flight(call, LEASE, now)
        answer = await self.account.send(list(phones), call.text, sender="MY-APP")
        await self.outbox.settlements.settle(
            call, Settlement(State.SENT, now, gateway_id=answer.message_ids[0]), now
        )
        return message

    async def states(self, message: Message) -> dict[str, State]:
        """The state of each of its numbers."""
        return {one.phone: one.state for one in await self.outbox.messages.recipients(message.id)}

    async def asks_at(self, *times: timedelta) -> list[timedelta]:
        """Returns those of the times at which something is polled."""
        found = []
        for time in times:
            self.later(time)
            if await self.poller.check_one():
                found.append(time)
        return found


@asynccontextmanager
async def bench(url: str) -> AsyncIterator[Bench]:
    """The bench."""
    async with running_gateway() as running, outbox_in(url) as outbox:
        running.gateway.configure(requests_per_second=None)
        owner = running.gateway.account
        account = replace(owner, coverage=("965", "966", "971"))
        running.gateway.records.account_balance(owner.username).account = account
        credentials = Credentials(owner.username, owner.password)
        async with AsyncClient(credentials, base_url=running.base_url) as client:
            limiter = DatabaseRateLimiter(outbox.database, timedelta(0))
            await limiter.acquire()
            yield Bench(outbox, running, client, limiter)


async def test_a_message_at_home_is_asked_for_no_more_once_it_is_let_go(database_url: str) -> None:
    """A Kuwaiti message that was passed on after ten seconds is not polled again."""
    async with bench(database_url) as it:
        message = await it.sent(NUMBER)
        times = [CHECK_DELAYS[0] - SECOND, CHECK_DELAYS[0], CHECK_DELAYS[1], DAY]

        assert await it.asks_at(*times) == [CHECK_DELAYS[0]]
        assert it.asked == ["status"]
        assert await it.states(message) == {NUMBER: State.SENT}


async def test_a_message_at_home_is_asked_for_until_it_is_past_the_queue(database_url: str) -> None:
    """A Kuwaiti message is polled while kwtSMS has it queued, and not once it is passed on."""
    async with bench(database_url) as it:
        message = await it.sent(NUMBER)
        gateway_id = it.running.gateway.ledger[0].message_id
        it.running.gateway.set_status(gateway_id, "queued")
        early = await it.asks_at(*CHECK_DELAYS[:3])
        waiting = await it.outbox.messages.get(message.id)
        it.running.gateway.set_status(gateway_id, "Sent")
        late = await it.asks_at(*CHECK_DELAYS[3:])
        gone = await it.outbox.messages.get(message.id)

        assert waiting
        assert gone
        assert (early, late) == (list(CHECK_DELAYS[:3]), [CHECK_DELAYS[3]])
        assert (waiting.status, waiting.passed_at, waiting.sent_in_kuwait) == (
            "queued",
            None,
            False,
        )
        assert (gone.status, gone.passed_at, gone.sent_in_kuwait) == (
            "Sent",
            AT + CHECK_DELAYS[3],
            True,
        )


async def test_what_stays_in_the_queue_is_asked_for_until_the_checks_end(database_url: str) -> None:
    """A message that stays queued at kwtSMS is not polled after a day."""
    async with bench(database_url) as it:
        await it.sent(NUMBER)
        it.running.gateway.set_status(it.running.gateway.ledger[0].message_id, "queued")

        assert await it.asks_at(*CHECK_DELAYS, 2 * DAY) == list(CHECK_DELAYS)


async def test_status_and_report_alternate_while_one_is_open(database_url: str) -> None:
    """For a message to Kuwait and abroad, both are polled until each is known."""
    async with bench(database_url) as it:
        message = await it.sent(NUMBER, ABROAD)
        gateway_id = it.running.gateway.ledger[0].message_id
        it.running.gateway.set_status(gateway_id, "queued")
        it.running.gateway.set_dlr(gateway_id, {ABROAD: "Received by recipient"})
        await it.asks_at(*CHECK_DELAYS[:3])
        it.running.gateway.set_status(gateway_id, "sent")
        late = await it.asks_at(*CHECK_DELAYS[3:])

        assert it.asked == ["status", "status", "dlr", "status", "dlr"]
        assert late == list(CHECK_DELAYS[3:5])
        assert await it.states(message) == {NUMBER: State.SENT, ABROAD: State.DELIVERED}


async def test_what_kwtsms_said_last_is_on_the_message(database_url: str) -> None:
    """The message has the status and its time; only a new status updates the card."""
    async with bench(database_url) as it:
        message = await it.sent(ABROAD)
        shown = await it.outbox.messages.get(message.id)
        assert shown
        await it.outbox.cards.record_shown(message.id, shown.revision, None)
        await it.asks_at(CHECK_DELAYS[0])
        news = await it.outbox.cards.outdated_cards(10)
        first = await it.outbox.messages.get(message.id)
        assert first
        await it.outbox.cards.record_shown(message.id, first.revision, None)
        await it.asks_at(CHECK_DELAYS[1])
        found = await it.outbox.messages.get(message.id)
        assert found

        assert news == (message.id,)
        assert (first.status, first.status_at) == ("sent", AT + CHECK_DELAYS[0])
        assert (found.status, found.status_at) == ("sent", AT + CHECK_DELAYS[0])
        assert await it.outbox.cards.outdated_cards(10) == ()
        assert found.accepted_at == AT


async def test_a_number_in_what_kwtsms_said_is_not_kept(database_url: str) -> None:
    """A status is stored without digits, printable and no longer than its column."""
    async with bench(database_url) as it:
        message = await it.sent(NUMBER)
        tracked = await it.outbox.delivery.claim_check(AT + CHECK_DELAYS[0])
        assert tracked
        said = f"to {NUMBER} ٩٦٥\0 {'x' * 100}"
        await it.outbox.delivery.record_check(
            tracked, DeliveryUpdate(status=said), next_at=None, now=AT
        )
        found = await it.outbox.messages.get(message.id)

        assert found
        assert found.status == f"to {11 * '•'} •••• {'x' * 100}"[:80]


async def test_a_message_abroad_is_followed_until_its_report(database_url: str) -> None:
    """First the status is polled; after five minutes the report, until it has each number."""
    async with bench(database_url) as it:
        message = await it.sent(ABROAD, ABROAD_TOO)
        gateway_id = it.running.gateway.ledger[0].message_id
        early = await it.asks_at(*CHECK_DELAYS[:3])
        first = {ABROAD: "Received by recipient"}
        it.running.gateway.set_dlr(gateway_id, first)
        half = await it.asks_at(CHECK_DELAYS[3])
        known = await it.states(message)
        it.running.gateway.set_dlr(gateway_id, first | {ABROAD_TOO: "Blacklisted"})
        rest = await it.asks_at(*CHECK_DELAYS[4:])

        assert [*early, *half, *rest] == list(CHECK_DELAYS[:5])
        assert it.asked == ["status", "status", "dlr", "dlr", "dlr"]
        assert known == {ABROAD: State.DELIVERED, ABROAD_TOO: State.SENT}
        assert await it.states(message) == {
            ABROAD: State.DELIVERED,
            ABROAD_TOO: State.UNDELIVERED,
        }


async def test_after_a_day_nothing_is_asked_any_more(database_url: str) -> None:
    """A message without a report stays sent, and is not polled after a day."""
    async with bench(database_url) as it:
        message = await it.sent(ABROAD)
        asked = await it.asks_at(*CHECK_DELAYS, 2 * DAY, 3 * DAY)

        assert asked == list(CHECK_DELAYS)
        assert await it.states(message) == {ABROAD: State.SENT}


async def test_a_stuck_message_is_noticed(database_url: str) -> None:
    """ERR030 makes a message stuck; if it is passed on after all, it becomes sent."""
    async with bench(database_url) as it:
        message = await it.sent(NUMBER)
        it.running.gateway.set_status(it.running.gateway.ledger[0].message_id, "ERR030")
        early = await it.asks_at(*CHECK_DELAYS[:3])
        (stuck,) = await it.outbox.messages.recipients(message.id)
        it.running.gateway.set_status(it.running.gateway.ledger[0].message_id, "sent")
        late = await it.asks_at(*CHECK_DELAYS[3:])

        (freed,) = await it.outbox.messages.recipients(message.id)
        assert (early, late) == (list(CHECK_DELAYS[:3]), [CHECK_DELAYS[3]])
        assert (stuck.state, stuck.code) == (State.STUCK, "ERR030")
        assert (freed.state, freed.code) == (State.SENT, None)


@pytest.mark.parametrize("fault", [Fault.HTML_502, "ERR013"])
async def test_no_answer_is_no_finding(database_url: str, fault: Fault | str) -> None:
    """A poll without an answer changes nothing, and is repeated at the next time."""
    async with bench(database_url) as it:
        message = await it.sent(NUMBER)
        it.running.gateway.fault(fault, endpoint="status")

        assert await it.asks_at(*CHECK_DELAYS) == list(CHECK_DELAYS[:2])
        assert await it.states(message) == {NUMBER: State.SENT}


async def test_nothing_is_asked_while_anything_is_to_be_sent(database_url: str) -> None:
    """The slots belong to queued messages; polls run when the queue is empty."""
    async with bench(database_url) as it:
        await it.sent(NUMBER)
        it.later(CHECK_DELAYS[0])
        waiting = (await it.outbox.intake.accept(new_message(OTHER), AT + CHECK_DELAYS[0])).message
        during = await it.poller.check_one()
        await it.outbox.cancellation.cancel(waiting.ref, AT + CHECK_DELAYS[0], ACTOR)

        assert not during
        assert await it.poller.check_one()


async def test_nothing_is_asked_while_the_circuit_breaker_is_open(database_url: str) -> None:
    """While no answer can be read, polls would waste the few requests there are."""
    async with bench(database_url) as it:
        await it.sent(NUMBER)
        it.later(CHECK_DELAYS[0])
        for _ in range(FAILURE_THRESHOLD):
            await it.outbox.breaker.record_response(ResponseKind.UNREADABLE, trial=False)
        during = await it.poller.check_one()
        await it.outbox.breaker.record_response(ResponseKind.READABLE, trial=False)

        assert not during
        assert await it.poller.check_one()


async def test_a_query_waits_for_no_slot_and_uses_nobody_elses(database_url: str) -> None:
    """Without a free slot nothing is polled, and no later slot is taken."""
    async with bench(database_url) as it:
        await it.sent(NUMBER)
        it.later(CHECK_DELAYS[0])
        original, it.limiter = it.limiter, DatabaseRateLimiter(it.outbox.database, LONG)
        send = await it.limiter.reserve()
        asked = [await it.poller.check_one() for _ in range(3)]
        following = await it.limiter.reserve()
        it.limiter = original

        assert asked == [False, False, False]
        assert it.asked == []
        assert following.at - send.at == LONG


async def test_without_anything_to_ask_no_slot_is_acquired(database_url: str) -> None:
    """A slot taken in vain would delay a send."""
    async with bench(database_url) as it:
        await it.sent(NUMBER)
        it.limiter = DatabaseRateLimiter(it.outbox.database, LONG)

        assert not await it.poller.check_one()
        assert await it.limiter.try_acquire()


async def test_one_of_two_replicas_asks(database_url: str) -> None:
    """Of two replicas that poll at the same moment, one asks."""
    async with bench(database_url) as it:
        await it.sent(NUMBER)
        it.later(CHECK_DELAYS[0])
        found = await asyncio.gather(it.poller.check_one(), it.poller.check_one())

        assert sorted(found) == [False, True]
        assert it.asked == ["status"]


async def test_what_a_dead_replica_had_begun_to_ask_is_asked_by_another(database_url: str) -> None:
    """Another replica polls once the claim has expired, after two minutes."""
    async with bench(database_url) as it:
        await it.sent(NUMBER)
        assert await it.outbox.delivery.claim_check(AT + CHECK_DELAYS[0])

        assert await it.asks_at(
            CHECK_DELAYS[0] + CHECK_LEASE - SECOND, CHECK_DELAYS[0] + CHECK_LEASE
        ) == [CHECK_DELAYS[0] + CHECK_LEASE]


@given(st.integers(0, len(CHECK_DELAYS) - 1), st.integers(0, 200_000), st.booleans())
def test_the_next_time_is_never_in_the_past(checks: int, seconds: int, abroad: bool) -> None:  # noqa: FBT001 - hypothesis.
    """The next poll is never in the past, and no report is requested too early."""
    phones = (ABROAD if abroad else NUMBER,)
    tracked = TrackedCall(1, "id", phones, AT, checks)
    now = AT + timedelta(seconds=seconds)
    following = next_check(tracked, now, finished=False)

    assert following is None or following >= now
    assert (following is None) == (checks + 1 == len(CHECK_DELAYS))
    assert next_check(tracked, now, finished=True) is None
    assert wants_report(tracked, now) == (abroad and now >= AT + REPORT_DELAY)


def test_the_intervals_grow_up_to_a_day() -> None:
    """The intervals between polls grow; the last poll is after a day."""
    gaps = [later - earlier for earlier, later in pairwise(CHECK_DELAYS)]

    assert gaps == sorted(gaps)
    assert CHECK_DELAYS[-1] == DAY
