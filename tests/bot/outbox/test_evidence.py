"""Balance evidence about a call of unknown outcome is never wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.outbox.evidence import BalanceReading, CallCost, Evidence, Verdict, assess
from kwtsms_bot.outbox.flow_control.circuit_breaker import FAILURE_THRESHOLD, ResponseKind
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox
from kwtsms_bot.outbox.unknown.reconciler import UnknownReconciler
from kwtsms_client import AsyncClient, Credentials
from kwtsms_sandbox.gateway import Fault, RunningGateway
from support.database import ACTOR, AT, NUMBER, OTHER, new_message, outbox_in
from support.gateway import running_gateway

LEASE = timedelta(seconds=30)
THIRD = "96566666666"


def reading(second: int, available: int) -> BalanceReading:
    """A balance that was reported in that second."""
    return BalanceReading(
        AT + timedelta(seconds=second), AT + timedelta(seconds=second + 1), Decimal(available)
    )


def call_cost(begin: int, end: int | None, credits_: int | None) -> CallCost:
    """A call from second `begin` to second `end`, and its cost."""
    ended_at = None if end is None else AT + timedelta(seconds=end)
    return CallCost(
        AT + timedelta(seconds=begin), ended_at, None if credits_ is None else Decimal(credits_)
    )


BEFORE, WITHIN, AT_THE_READING, AFTER = (-90, -80), (20, 21), (1, 2), (900, 901)
TABLE = [
    ("nothing is missing", 100, (), Verdict.NOT_CHARGED),
    ("its price is missing", 98, (), Verdict.CHARGED),
    ("less is missing", 99, (), Verdict.UNCLEAR),
    ("more is missing", 90, (), Verdict.UNCLEAR),
    ("there is more than before", 150, (), Verdict.UNCLEAR),
    ("another call explains all", 97, (call_cost(*WITHIN, 3),), Verdict.NOT_CHARGED),
    ("another call explains the rest", 95, (call_cost(*WITHIN, 3),), Verdict.CHARGED),
    ("a call long before explains nothing", 98, (call_cost(*BEFORE, 2),), Verdict.CHARGED),
    ("a call long after explains nothing", 98, (call_cost(*AFTER, 2),), Verdict.CHARGED),
    (
        "a call at the first look may explain it",
        98,
        (call_cost(*AT_THE_READING, 2),),
        Verdict.UNCLEAR,
    ),
    (
        "a refused call at the first look cannot",
        98,
        (call_cost(*AT_THE_READING, 0),),
        Verdict.CHARGED,
    ),
    ("another lost call may explain it", 98, (call_cost(*WITHIN, None),), Verdict.UNCLEAR),
    ("a call under way may explain it", 98, (call_cost(20, None, None),), Verdict.UNCLEAR),
    (
        "nothing is missing, whatever is under way",
        100,
        (call_cost(20, None, None),),
        Verdict.NOT_CHARGED,
    ),
]


@pytest.mark.parametrize(
    ("after", "others", "verdict"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_a_call_for_two_credits(after: int, others: tuple[CallCost, ...], verdict: Verdict) -> None:
    """From 100 credits before it, the balance after it decides the verdict."""
    assert assess(2, reading(0, 100), reading(90, after), others).verdict is verdict


def test_without_a_balance_from_before_nothing_is_known() -> None:
    """A single balance proves nothing."""
    found = assess(2, None, reading(90, 100), ())

    assert found == Evidence(Verdict.UNCLEAR, None, Decimal(100), Decimal(0))


TIMES = st.integers(-60, 180)
CALLS = st.tuples(TIMES, st.integers(0, 30), st.integers(0, 5), st.booleans(), st.booleans())


@given(st.lists(CALLS, max_size=6), st.integers(1, 5), st.booleans())
def test_a_verdict_is_never_wrong(
    calls: list[tuple[int, int, int, bool, bool]],
    price: int,
    charged: bool,  # noqa: FBT001 - a fact that hypothesis makes up.
) -> None:
    """If only our calls spend credits, a verdict is right whatever else was charged and when."""
    gone_before = gone_after = 0
    others = []
    for begin, duration, credits_, late, lost in calls:
        charged_at = begin + (duration if late else 0)
        gone_before += credits_ if charged_at <= 0 else 0
        gone_after += credits_ if charged_at <= 90 else 0
        others.append(call_cost(begin, begin + duration, None if lost else credits_))
    gone_after += price if charged else 0

    found = assess(price, reading(0, 1000 - gone_before), reading(90, 1000 - gone_after), others)

    assert found.verdict in (
        Verdict.UNCLEAR,
        Verdict.CHARGED if charged else Verdict.NOT_CHARGED,
    )


@dataclass
class Bench:
    """An outbox, the sandbox account, and a reconciler that runs on demand."""

    outbox: Outbox
    running: RunningGateway
    account: AsyncClient
    at: list[timedelta] = field(default_factory=lambda: [timedelta(0)])

    @property
    def reconciler(self) -> UnknownReconciler:
        """A reconciler at the current time."""
        return UnknownReconciler(
            self.outbox.evidence, self.outbox.breaker, self.account, clock=lambda: AT + self.at[0]
        )

    async def lose(self, *recipients: str, arrives: bool) -> Message:
        """A message of unknown outcome that was charged or not."""
        accepted = await self.outbox.intake.accept(new_message(*recipients), AT + self.at[0])
        call = await self.outbox.claims.claim("one", LEASE, AT + self.at[0])
        assert call
        assert await self.outbox.settlements.put_in_flight(call, LEASE, AT + self.at[0])
        if arrives:
            await self.account.send(list(recipients), call.text, sender="MY-APP")
        await self.outbox.settlements.settle(
            call, Settlement(State.UNKNOWN, AT + self.at[0]), AT + self.at[0]
        )
        return accepted.message

    async def evidence(self, message: Message) -> tuple[Evidence, ...]:
        """The evidence on the message, for its card."""
        found = await self.outbox.messages.get(message.id)
        assert found
        return found.evidence

    def later(self, seconds: float) -> None:
        """Lets time pass."""
        self.at[0] += timedelta(seconds=seconds)

    async def sent(self, recipient: str) -> None:
        """A message that arrives, so that the balance is known."""
        await self.outbox.intake.accept(new_message(recipient), AT + self.at[0])
        call = await self.outbox.claims.claim("one", LEASE, AT + self.at[0])
        assert call
        assert await self.outbox.settlements.put_in_flight(call, LEASE, AT + self.at[0])
        answer = await self.account.send([recipient], call.text, sender="MY-APP")
        self.later(1)
        settlement = Settlement(
            State.SENT,
            AT + self.at[0],
            gateway_id=answer.message_ids[0],
            points=answer.points_charged,
            balance_after=answer.balance_after,
        )
        await self.outbox.settlements.settle(call, settlement, AT + self.at[0])


@asynccontextmanager
async def bench(url: str) -> AsyncIterator[Bench]:
    """The bench."""
    async with running_gateway() as running, outbox_in(url) as outbox:
        owner = running.gateway.account
        credentials = Credentials(owner.username, owner.password)
        async with AsyncClient(credentials, base_url=running.base_url) as account:
            yield Bench(outbox, running, account)


@pytest.mark.parametrize(
    ("arrives", "verdict"), [(True, Verdict.CHARGED), (False, Verdict.NOT_CHARGED)]
)
async def test_a_minute_after_the_balance_is_asked_for(
    database_url: str, *, arrives: bool, verdict: Verdict
) -> None:
    """A minute after the loss, not earlier, the evidence is collected once."""
    async with bench(database_url) as it:
        await it.sent(NUMBER)
        it.later(60)
        lost = await it.lose(OTHER, arrives=arrives)
        it.later(59)
        early = await it.reconciler.reconcile()
        it.later(2)
        reconciled = [await it.reconciler.reconcile() for _ in range(2)]

        assert (early, reconciled) == (0, [1, 0])
        assert [one.verdict for one in await it.evidence(lost)] == [verdict]


async def test_what_was_spent_meanwhile_is_accounted_for(database_url: str) -> None:
    """A message sent in between does not make an unknown one look charged."""
    async with bench(database_url) as it:
        await it.sent(NUMBER)
        it.later(60)
        lost = await it.lose(OTHER, arrives=False)
        it.later(20)
        await it.sent(THIRD)
        it.later(90)
        await it.reconciler.reconcile()

        (found,) = await it.evidence(lost)
        assert (found.verdict, found.meanwhile) == (Verdict.NOT_CHARGED, Decimal(1))


async def test_two_lost_at_once_are_distinguished_only_where_both_are_alike(
    database_url: str,
) -> None:
    """If one price is missing and two calls could explain it, the verdict is unclear."""
    async with bench(database_url) as it:
        await it.sent(NUMBER)
        it.later(60)
        first = await it.lose(OTHER, arrives=True)
        second = await it.lose(THIRD, arrives=False)
        it.later(61)
        await it.reconciler.reconcile()

        findings = [*await it.evidence(first), *await it.evidence(second)]
        assert [one.verdict for one in findings] == [Verdict.UNCLEAR, Verdict.UNCLEAR]


async def test_calls_of_a_dead_process_are_reconciled(database_url: str) -> None:
    """A call whose lease expired is reconciled too, a minute after it was reaped."""
    async with bench(database_url) as it:
        await it.sent(NUMBER)
        it.later(60)
        message = (await it.outbox.intake.accept(new_message(OTHER), AT + it.at[0])).message
        call = await it.outbox.claims.claim("dead", LEASE, AT + it.at[0])
        assert call
        assert await it.outbox.settlements.put_in_flight(call, LEASE, AT + it.at[0])
        it.later(31)
        assert await it.outbox.leases.reap_expired(AT + it.at[0]) == (0, 1)
        it.later(61)
        await it.reconciler.reconcile()

        assert [one.verdict for one in await it.evidence(message)] == [Verdict.NOT_CHARGED]


async def test_a_decision_ends_the_question(database_url: str) -> None:
    """Once a person has decided, the evidence is no longer shown."""
    async with bench(database_url) as it:
        lost = await it.lose(OTHER, arrives=True)
        it.later(61)
        await it.reconciler.reconcile()
        await it.outbox.decisions.treat_as_sent(lost.ref, AT + it.at[0], ACTOR)

        assert await it.evidence(lost) == ()


async def test_a_gateway_that_is_silent_is_asked_later(database_url: str) -> None:
    """If the balance request fails, the next run reconciles the same call."""
    async with bench(database_url) as it:
        lost = await it.lose(OTHER, arrives=False)
        it.later(61)
        it.running.gateway.fault(Fault.HTML_502, endpoint="balance")
        assert await it.reconciler.reconcile() == 0
        it.later(15)
        await it.reconciler.reconcile()

        assert len(await it.evidence(lost)) == 1


async def test_while_the_circuit_breaker_is_open_the_probe_asks(database_url: str) -> None:
    """Reconciling waits until the breaker closes: nothing is spent meanwhile."""
    async with bench(database_url) as it:
        await it.lose(OTHER, arrives=True)
        it.later(61)
        for _ in range(FAILURE_THRESHOLD):
            await it.outbox.breaker.record_response(ResponseKind.UNREADABLE, trial=False)
        while_open = await it.reconciler.reconcile()
        await it.outbox.breaker.record_response(ResponseKind.READABLE, trial=False)

        assert while_open == 0
        assert await it.reconciler.reconcile() == 1


async def test_one_replica_asks_for_all(database_url: str) -> None:
    """Of two replicas that run at the same time, one asks for the balance."""
    async with bench(database_url) as it:
        lost = await it.lose(OTHER, arrives=False)
        it.later(61)
        before = len(it.running.gateway.requests)
        reconciled = await asyncio.gather(it.reconciler.reconcile(), it.reconciler.reconcile())

        assert sorted(reconciled) == [0, 1]
        assert len(it.running.gateway.requests) == before + 1
        assert len(await it.evidence(lost)) == 1
