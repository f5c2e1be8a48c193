"""The circuit breaker stops all replicas while no answer can be read, and closes by itself."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import reduce
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import update

from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import circuit_breaker
from kwtsms_bot.outbox.dispatch.worker import MAX_IN_FLIGHT
from kwtsms_bot.outbox.flow_control.breaker_probe import BreakerProbe
from kwtsms_bot.outbox.flow_control.breaker_store import MAX_PROBE_DELAY
from kwtsms_bot.outbox.flow_control.circuit_breaker import (
    CLOSED,
    FAILURE_THRESHOLD,
    MAX_UNANSWERED_DELAY,
    OPEN_REASON,
    PROBE_DELAYS,
    BreakerState,
    ResponseKind,
    after_call,
    after_probe,
)
from kwtsms_bot.outbox.message import Message, Priority
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.queries.statistics import OutboxStatistics
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox, open_outbox
from kwtsms_sandbox.gateway import Fault
from support.database import AT, NUMBER, OTHER, new_message, opened, outbox_in
from support.worker_bench import running_worker

LEASE = timedelta(seconds=30)
TRIPPED = BreakerState(
    FAILURE_THRESHOLD, AT, open=True, next_probe_at=AT + timedelta(seconds=PROBE_DELAYS[0])
)
HALF_OPEN = BreakerState(FAILURE_THRESHOLD, AT, open=False, next_probe_at=AT)


def after(
    *responses: ResponseKind, begin: BreakerState = CLOSED, trial: bool = False
) -> BreakerState:
    """The breaker's state after these responses."""
    return reduce(
        lambda so_far, one: after_call(so_far, one, trial=trial, now=AT), responses, begin
    )


@pytest.mark.parametrize(
    ("responses", "opened"),
    [
        ([ResponseKind.UNREADABLE] * 2, False),
        ([ResponseKind.UNREADABLE] * 3, True),
        (
            [
                ResponseKind.UNREADABLE,
                ResponseKind.UNREADABLE,
                ResponseKind.READABLE,
                ResponseKind.UNREADABLE,
            ],
            False,
        ),
        (
            [
                ResponseKind.UNREADABLE,
                ResponseKind.NOT_SENT,
                ResponseKind.UNREADABLE,
                ResponseKind.UNREADABLE,
            ],
            True,
        ),
        ([ResponseKind.NOT_SENT] * 9, False),
        ([ResponseKind.READABLE] * 9, False),
    ],
)
def test_three_unreadable_answers_open_the_breaker(
    responses: Sequence[ResponseKind],
    opened: bool,  # noqa: FBT001 - A parameter of the table.
) -> None:
    """A readable answer in between resets the count; calls that never left do not count."""
    assert (after(*responses).opened_at is not None) == opened


def test_what_had_left_before_is_no_news() -> None:
    """Responses to earlier calls do not delay the probe; a readable one closes the breaker."""
    assert after(*[ResponseKind.UNREADABLE] * 8) == after(*[ResponseKind.UNREADABLE] * 3) == TRIPPED
    assert after(ResponseKind.NOT_SENT, begin=TRIPPED) == TRIPPED
    assert after(ResponseKind.READABLE, begin=TRIPPED) == CLOSED


@pytest.mark.parametrize("response", [ResponseKind.UNREADABLE, ResponseKind.NOT_SENT])
def test_each_failed_trial_makes_the_next_probe_later(response: ResponseKind) -> None:
    """The delay grows even if probes are answered: each trial risks one number."""
    found = TRIPPED
    waits = [PROBE_DELAYS[0]]
    for _ in range(2 * len(PROBE_DELAYS)):
        found = after_probe(found, answered=True, now=AT)
        found = after(response, begin=found, trial=True)
        waits.append(int((found.next_probe_at - AT).total_seconds()) if found.next_probe_at else 0)

    assert all(before <= following for before, following in pairwise(waits))
    assert tuple(dict.fromkeys(waits)) == PROBE_DELAYS
    assert found.open


def test_the_end_of_an_outage_is_noticed_within_a_minute() -> None:
    """Unanswered probes risk nothing, so their delay stops growing; a failed trial's does not."""
    found = TRIPPED
    for _ in range(2 * len(PROBE_DELAYS)):
        found = after_probe(found, answered=False, now=AT)
    trial = after_probe(found, answered=True, now=AT)
    failed = after(ResponseKind.UNREADABLE, begin=trial, trial=True)

    assert found.next_probe_at == AT + timedelta(seconds=MAX_UNANSWERED_DELAY)
    assert failed.next_probe_at == AT + timedelta(seconds=PROBE_DELAYS[-1])


def test_a_probe_half_opens_it_for_one_call() -> None:
    """A failed probe keeps it open for longer; a late result changes nothing."""
    half_open = after_probe(TRIPPED, answered=True, now=AT)
    failed = after_probe(TRIPPED, answered=False, now=AT)

    assert (half_open.opened_at, half_open.open) == (AT, False)
    assert (failed.open, failed.next_probe_at) == (True, AT + timedelta(seconds=PROBE_DELAYS[1]))
    assert after_probe(CLOSED, answered=False, now=AT) == CLOSED
    assert after_probe(HALF_OPEN, answered=False, now=AT) == HALF_OPEN


async def lose(outbox: Outbox, count: int = FAILURE_THRESHOLD) -> None:
    """Records so many unreadable answers in a row."""
    for _ in range(count):
        await outbox.breaker.record_response(ResponseKind.UNREADABLE, trial=False)


async def make_probe_due(database: Database) -> None:
    """Makes the next probe due."""
    async with database.transaction() as connection:
        await connection.execute(update(circuit_breaker).values(next_probe_at=AT))


async def test_while_it_is_open_nobody_claims_anything(database_url: str) -> None:
    """No process claims even urgent messages, until a readable answer closes the breaker."""
    async with opened(database_url) as database:
        outbox = open_outbox(database)
        await outbox.intake.accept(new_message(NUMBER, priority=Priority.URGENT), AT)
        await lose(outbox)
    async with outbox_in(database_url) as other:
        assert await other.claims.next_due() is None
        assert await other.claims.claim("two", LEASE, AT) is None

        await other.breaker.record_response(ResponseKind.READABLE, trial=False)

        assert await other.claims.next_due() == AT
        assert await other.claims.claim("two", LEASE, AT)


async def test_one_probe_and_then_one_number(database_url: str) -> None:
    """Of all replicas one probes, when it is due; then one trial call leaves, to one number."""
    async with opened(database_url) as database, outbox_in(database_url) as other:
        outbox = open_outbox(database)
        await outbox.intake.accept(new_message(NUMBER, OTHER), AT)
        await lose(outbox)
        too_early = await outbox.breaker.claim_probe()
        await make_probe_due(database)
        claimed_probes = [await outbox.breaker.claim_probe(), await other.breaker.claim_probe()]
        await outbox.breaker.record_probe(answered=True)
        trial = await other.claims.claim("two", LEASE, AT)
        second = await outbox.claims.claim("one", LEASE, AT)
        assert trial
        await other.breaker.record_response(ResponseKind.READABLE, trial=trial.trial)
        third = await outbox.claims.claim("one", LEASE, AT)

        assert (too_early, claimed_probes) == (False, [True, False])
        assert (len(trial.recipients), trial.trial) == (1, True)
        assert second is None
        assert third
        assert not third.trial


async def test_two_replicas_do_not_try_at_once(database_url: str) -> None:
    """Of two replicas that claim at the same moment, one gets the trial call."""
    async with opened(database_url) as database, outbox_in(database_url) as other:
        outbox = open_outbox(database)
        await outbox.intake.accept(new_message(NUMBER), AT)
        await outbox.intake.accept(new_message(OTHER), AT)
        await lose(outbox)
        await outbox.breaker.record_probe(answered=True)
        calls = await asyncio.gather(
            outbox.claims.claim("one", LEASE, AT), other.claims.claim("two", LEASE, AT)
        )

        assert sum(call is not None for call in calls) == 1


async def test_who_tried_and_died_is_not_waited_for_for_ever(database_url: str) -> None:
    """Another replica probes later; a time that only a wrong clock can write counts as past."""
    async with opened(database_url) as database:
        outbox = open_outbox(database)
        await outbox.intake.accept(new_message(NUMBER), AT)
        await lose(outbox)
        await outbox.breaker.record_probe(answered=True)
        assert await outbox.claims.claim("dead", LEASE, AT)
        soon = await outbox.breaker.claim_probe()
        await make_probe_due(database)
        later = await outbox.breaker.claim_probe()
        async with database.transaction() as connection:
            far = await database.now() + 2 * MAX_PROBE_DELAY
            await connection.execute(update(circuit_breaker).values(next_probe_at=far))

        assert (soon, later) == (False, True)
        assert await outbox.breaker.claim_probe()


async def test_the_cards_of_queued_messages_say_so(database_url: str) -> None:
    """Their cards are updated with the reason and the next probe, and later without them."""
    async with opened(database_url) as database:
        outbox = open_outbox(database)
        message = (await outbox.intake.accept(new_message(NUMBER), AT)).message
        await outbox.cards.record_shown(message.id, message.revision, None)
        await lose(outbox)
        unshown = await outbox.cards.outdated_cards(10)
        blocked = await outbox.messages.get(message.id)
        breaker = await outbox.breaker.breaker_state()
        await outbox.breaker.record_response(ResponseKind.READABLE, trial=False)
        closed_again = await outbox.messages.get(message.id)

        assert unshown == (message.id,)
        assert blocked
        assert [(one.state, one.text, one.due_at) for one in blocked.reasons] == [
            (State.QUEUED, OPEN_REASON, breaker.next_probe_at)
        ]
        assert closed_again
        assert closed_again.reasons == ()
        assert closed_again.revision > blocked.revision


async def test_a_settled_message_does_not_show_it(tmp_path: Path) -> None:
    """The card of a sent message does not change."""
    async with outbox_in(tmp_path) as outbox:
        message = (await outbox.intake.accept(new_message(NUMBER), AT)).message
        call = await outbox.claims.claim("one", LEASE, AT)
        assert call
        assert await outbox.settlements.put_in_flight(call, LEASE, AT)
        await outbox.settlements.settle(call, Settlement(State.SENT, AT, gateway_id="f4c8"), AT)
        before = await outbox.messages.get(message.id)
        await lose(outbox)

        assert await outbox.messages.get(message.id) == before


async def test_the_statistics_say_since_when(tmp_path: Path) -> None:
    """The backlog has the time since when the breaker is open, for /readyz."""
    async with opened(tmp_path) as database:
        outbox, statistics = open_outbox(database), OutboxStatistics(database)
        before = await statistics.backlog()
        await lose(outbox)

        assert before.breaker_opened_at is None
        assert (await statistics.backlog()).breaker_opened_at == (
            await outbox.breaker.breaker_state()
        ).opened_at


async def test_an_unreadable_gateway_does_not_burn_a_bulk(
    database_url: str,
) -> None:
    """Only calls up to the threshold and in flight become unknown; the rest is sent later."""
    numbers = tuple(f"965{90000000 + n}" for n in range(2_600))
    async with running_worker(database_url) as bench:
        bench.gateway.configure(requests_per_second=None, queue_limit=10_000)
        bench.gateway.top_up(10_000)
        bench.gateway.fault(Fault.HTML_502, endpoint="send", times=None)
        bulk = await bench.send(*numbers, text="campaign", priority=Priority.BULK)
        await bench.wait_until(bulk, shows_breaker)
        await bench.wait_until(bulk, lambda found: not is_leaving(found))
        alert = await bench.send(OTHER, text="alert", priority=Priority.URGENT)
        probe = BreakerProbe(bench.outbox.breaker, bench.client, on_answer=bench.worker.wake)
        await make_probe_due(bench.outbox.database)
        assert await probe.probe()
        await bench.wait_for_state(alert, State.UNKNOWN)
        bench.gateway.faults.clear()
        async with asyncio.timeout(30):
            while (done := await bench.wait_until(bulk, bool)) and is_waiting(done):
                await make_probe_due(bench.outbox.database)
                await probe.probe()

        burnt = done.counts[State.UNKNOWN]  # One more call may be claimed while it opens.
        assert FAILURE_THRESHOLD * 200 <= burnt <= (FAILURE_THRESHOLD + MAX_IN_FLIGHT) * 200
        assert done.counts == {State.UNKNOWN: burnt, State.SENT: 2_600 - burnt}


def shows_breaker(message: Message) -> bool:
    """Whether its card says that the breaker is open."""
    return any(one.text == OPEN_REASON for one in message.reasons)


def is_leaving(message: Message) -> bool:
    """Whether anything of it is claimed or in flight."""
    return not {State.CLAIMED, State.IN_FLIGHT}.isdisjoint(message.counts)


def is_waiting(message: Message) -> bool:
    """Whether anything of it is queued, claimed or in flight."""
    return State.QUEUED in message.counts or is_leaving(message)


async def test_the_probe_asks_only_while_the_breaker_is_open(tmp_path: Path) -> None:
    """A closed breaker needs no probe; a failed probe is repeated only when the next is due."""
    async with running_worker(tmp_path) as bench:
        probe = BreakerProbe(bench.outbox.breaker, bench.client)
        idle = await probe.probe()
        await lose(bench.outbox)
        await make_probe_due(bench.outbox.database)
        bench.gateway.fault(Fault.HTML_502, endpoint="balance")
        failed = [await probe.probe(), await probe.probe()]
        await make_probe_due(bench.outbox.database)
        bench.gateway.fault("ERR003", endpoint="balance")

        assert (idle, failed) == (False, [False, False])
        assert await probe.probe()  # A refusal is an answer.
        assert [request.endpoint for request in bench.gateway.requests] == ["balance"] * 2
