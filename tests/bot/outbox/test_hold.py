"""Sending is held while no answer can be read, for all replicas, and goes on by itself."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import reduce
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import update

from kwtsms_bot.database import Database
from kwtsms_bot.database.pacing import hold
from kwtsms_bot.outbox.hold import (
    OPEN,
    REASON,
    UNREADABLE,
    WAITS,
    Heard,
    Hold,
    after_call,
    after_question,
)
from kwtsms_bot.outbox.message import Message, Priority, State
from kwtsms_bot.outbox.retry import Plan
from kwtsms_bot.outbox.scout import Scout
from kwtsms_bot.outbox.store import Store
from kwtsms_bot.outbox.store.figures import Figures
from kwtsms_bot.outbox.store.holding import LONGEST
from kwtsms_bot.outbox.worker import MAX_IN_FLIGHT
from kwtsms_sandbox.gateway import Fault
from support.database import AT, NUMBER, OTHER, new, opened, store_in
from support.working import working

LEASE = timedelta(seconds=30)
HELD = Hold(UNREADABLE, AT, shut=True, next_at=AT + timedelta(seconds=WAITS[0]))
TRIED = Hold(UNREADABLE, AT, shut=False, next_at=AT)


def after(*heard: Heard, begin: Hold = OPEN, trial: bool = False) -> Hold:
    """How sending stands after calls that have come to this."""
    return reduce(lambda so_far, one: after_call(so_far, one, trial=trial, now=AT), heard, begin)


@pytest.mark.parametrize(
    ("heard", "held"),
    [
        ([Heard.NOTHING] * 2, False),
        ([Heard.NOTHING] * 3, True),
        ([Heard.NOTHING, Heard.NOTHING, Heard.ANSWER, Heard.NOTHING], False),
        ([Heard.NOTHING, Heard.NOT_ASKED, Heard.NOTHING, Heard.NOTHING], True),
        ([Heard.NOT_ASKED] * 9, False),
        ([Heard.ANSWER] * 9, False),
    ],
)
def test_three_in_a_row_hold_it(heard: Sequence[Heard], held: bool) -> None:  # noqa: FBT001 - a table.
    """An answer between them begins anew; what never left says nothing."""
    assert (after(*heard).since is not None) == held


def test_what_had_left_before_is_no_news() -> None:
    """Answers to calls that were under way then put nothing off; one that is read ends it."""
    assert after(*[Heard.NOTHING] * 8) == after(*[Heard.NOTHING] * 3) == HELD
    assert after(Heard.NOT_ASKED, begin=HELD) == HELD
    assert after(Heard.ANSWER, begin=HELD) == OPEN


@pytest.mark.parametrize("heard", [Heard.NOTHING, Heard.NOT_ASKED])
def test_each_try_in_vain_makes_the_next_one_later(heard: Heard) -> None:
    """Also where questions are answered and sends are not: that risks one number each time."""
    found = HELD
    waits = [WAITS[0]]
    for _ in range(2 * len(WAITS)):
        found = after_question(found, answered=True, now=AT)
        found = after(heard, begin=found, trial=True)
        waits.append(int((found.next_at - AT).total_seconds()) if found.next_at else 0)

    assert all(before <= following for before, following in pairwise(waits))
    assert tuple(dict.fromkeys(waits)) == WAITS
    assert found.shut


def test_a_question_opens_it_for_one_call() -> None:
    """Without an answer it stays shut, for longer; one that comes too late changes nothing."""
    opened_for_one = after_question(HELD, answered=True, now=AT)
    in_vain = after_question(HELD, answered=False, now=AT)

    assert (opened_for_one.since, opened_for_one.shut) == (AT, False)
    assert (in_vain.shut, in_vain.next_at) == (True, AT + timedelta(seconds=WAITS[1]))
    assert after_question(OPEN, answered=False, now=AT) == OPEN
    assert after_question(TRIED, answered=False, now=AT) == TRIED


async def lose(store: Store, count: int = UNREADABLE) -> None:
    """So many answers in a row cannot be read."""
    for _ in range(count):
        await store.heard(Heard.NOTHING, trial=False)


async def is_due(database: Database) -> None:
    """The time for the next try has come."""
    async with database.transaction() as connection:
        await connection.execute(update(hold).values(next_at=AT))


async def test_while_it_is_held_nothing_is_taken_by_anybody(database_url: str) -> None:
    """However urgent; the next process finds it so too. An answer that can be read ends it."""
    async with opened(database_url) as database:
        store = Store(database)
        await store.accept(new(NUMBER, priority=Priority.URGENT), AT)
        await lose(store)
    async with store_in(database_url) as other:
        assert await other.next_due() is None
        assert await other.claim("two", LEASE, AT) is None

        await other.heard(Heard.ANSWER, trial=False)

        assert await other.next_due() == AT
        assert await other.claim("two", LEASE, AT)


async def test_one_question_and_then_one_number(database_url: str) -> None:
    """Of all replicas one asks, when it is time; then one call may try, with one number."""
    async with opened(database_url) as database, store_in(database_url) as other:
        store = Store(database)
        await store.accept(new(NUMBER, OTHER), AT)
        await lose(store)
        too_early = await store.take_question()
        await is_due(database)
        asking = [await store.take_question(), await other.take_question()]
        await store.answered(answered=True)
        tried = await other.claim("two", LEASE, AT)
        second = await store.claim("one", LEASE, AT)
        assert tried
        await other.heard(Heard.ANSWER, trial=tried.trial)
        third = await store.claim("one", LEASE, AT)

        assert (too_early, asking) == (False, [True, False])
        assert (len(tried.recipients), tried.trial) == (1, True)
        assert second is None
        assert third
        assert not third.trial


async def test_two_replicas_do_not_try_at_once(database_url: str) -> None:
    """They look at the same moment; one call leaves."""
    async with opened(database_url) as database, store_in(database_url) as other:
        store = Store(database)
        await store.accept(new(NUMBER), AT)
        await store.accept(new(OTHER), AT)
        await lose(store)
        await store.answered(answered=True)
        calls = await asyncio.gather(store.claim("one", LEASE, AT), other.claim("two", LEASE, AT))

        assert sum(call is not None for call in calls) == 1


async def test_who_tried_and_died_is_not_waited_for_for_ever(database_url: str) -> None:
    """After a while another replica asks; a time that only a wrong clock can write is past."""
    async with opened(database_url) as database:
        store = Store(database)
        await store.accept(new(NUMBER), AT)
        await lose(store)
        await store.answered(answered=True)
        assert await store.claim("dead", LEASE, AT)
        soon = await store.take_question()
        await is_due(database)
        later = await store.take_question()
        async with database.transaction() as connection:
            far = await database.now() + 2 * LONGEST
            await connection.execute(update(hold).values(next_at=far))

        assert (soon, later) == (False, True)
        assert await store.take_question()


async def test_the_cards_of_what_waits_say_so(database_url: str) -> None:
    """What waits is shown anew, with the reason and the time of the next try; then without it."""
    async with opened(database_url) as database:
        store = Store(database)
        message = (await store.accept(new(NUMBER), AT)).message
        await store.shown(message.id, message.revision, None)
        await lose(store)
        unshown = await store.unshown(10)
        held = await store.get(message.id)
        standing = await store.hold()
        await store.heard(Heard.ANSWER, trial=False)
        open_again = await store.get(message.id)

        assert unshown == (message.id,)
        assert held
        assert [(one.state, one.text, one.due_at) for one in held.reasons] == [
            (State.QUEUED, REASON, standing.next_at)
        ]
        assert open_again
        assert open_again.reasons == ()
        assert open_again.revision > held.revision


async def test_what_is_over_says_nothing_of_it(tmp_path: Path) -> None:
    """A card of a message that is sent does not change."""
    async with store_in(tmp_path) as store:
        message = (await store.accept(new(NUMBER), AT)).message
        call = await store.claim("one", LEASE, AT)
        assert call
        assert await store.put_in_flight(call, LEASE, AT)
        await store.settle(call, Plan(State.SENT, AT, gateway_id="f4c8"), AT)
        before = await store.get(message.id)
        await lose(store)

        assert await store.get(message.id) == before


async def test_the_figures_tell_since_when(tmp_path: Path) -> None:
    """For /readyz."""
    async with opened(tmp_path) as database:
        store, figures = Store(database), Figures(database)
        before = await figures.waiting()
        await lose(store)

        assert before.held_since is None
        assert (await figures.waiting()).held_since == (await store.hold()).since


async def test_a_gateway_that_answers_nothing_readable_burns_no_campaign(
    database_url: str,
) -> None:
    """Three calls, and those under way, become unknown; an alert tries it; then the rest goes."""
    numbers = tuple(f"965{90000000 + n}" for n in range(2_600))
    async with working(database_url) as bench:
        bench.gateway.turn(requests_per_second=None, queue_limit=10_000)
        bench.gateway.top_up(10_000)
        bench.gateway.fault(Fault.HTML_502, endpoint="send", times=None)
        campaign = await bench.send(*numbers, text="campaign", priority=Priority.BULK)
        await bench.until(campaign, is_held)
        held = await bench.until(campaign, lambda found: not leaves(found))
        alert = await bench.send(OTHER, text="alert", priority=Priority.URGENT)
        scout = Scout(bench.store, bench.client, on_answer=bench.worker.wake)
        await is_due(bench.store.database)
        assert await scout.look()
        await bench.reached(alert, State.UNKNOWN)
        bench.gateway.faults.clear()
        async with asyncio.timeout(30):
            while (done := await bench.until(campaign, bool)) and waits(done):
                await is_due(bench.store.database)
                await scout.look()

        burnt = held.counts[State.UNKNOWN]
        assert UNREADABLE * 200 <= burnt <= (UNREADABLE + MAX_IN_FLIGHT) * 200
        assert done.counts == {State.UNKNOWN: burnt, State.SENT: 2_600 - burnt}


def is_held(message: Message) -> bool:
    """Whether its card says so."""
    return any(one.text == REASON for one in message.reasons)


def leaves(message: Message) -> bool:
    """Whether anything of it is under way, or about to be."""
    return not {State.CLAIMED, State.IN_FLIGHT}.isdisjoint(message.counts)


def waits(message: Message) -> bool:
    """Whether anything of it is to come."""
    return State.QUEUED in message.counts or leaves(message)


async def test_the_scout_asks_only_while_it_is_held(tmp_path: Path) -> None:
    """Without a hold the gateway is left alone; where it is silent it is asked again later."""
    async with working(tmp_path) as bench:
        scout = Scout(bench.store, bench.client)
        idle = await scout.look()
        await lose(bench.store)
        await is_due(bench.store.database)
        bench.gateway.fault(Fault.HTML_502, endpoint="balance")
        in_vain = [await scout.look(), await scout.look()]
        await is_due(bench.store.database)
        bench.gateway.fault("ERR003", endpoint="balance")

        assert (idle, in_vain) == (False, [False, False])
        assert await scout.look()  # A refusal is an answer.
        assert [seen.endpoint for seen in bench.gateway.requests] == ["balance"] * 2
