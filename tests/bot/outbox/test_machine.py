"""The outbox behaves like its model, whatever happens in whatever order."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Coroutine
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kwtsms_bot.database import open_database
from kwtsms_bot.outbox.delivery.rules import DeliveryUpdate, TrackedCall
from kwtsms_bot.outbox.message import ClaimedCall, Message, Priority
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import SendingPaused
from support.database import ACTOR, AT, caller_clock_outbox, new_message
from support.outbox_model import LEASE, Model, Row
from support.postgres import Postgres

T = TypeVar("T")
PHONES = tuple(f"9659876543{digit}" for digit in range(4))
NOTHING: Any = multiple()
OUTCOMES = (State.SENT, State.REJECTED, State.QUEUED, State.UNKNOWN)


@cache
def template() -> bytes:
    """An empty outbox, made once: creating its tables takes longer than the steps that follow."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "outbox.sqlite3"
        asyncio.run(_made(f"sqlite:///{file}"))
        return file.read_bytes()


async def _made(url: str) -> None:
    database = await open_database(url)
    await database.close()


class OutboxMachine(RuleBasedStateMachine):
    """People, two owners of calls, the gateway and time, in any order."""

    messages: Bundle[Message] = Bundle("messages")
    claimed: Bundle[ClaimedCall] = Bundle("claimed")
    flying: Bundle[ClaimedCall] = Bundle("flying")
    settled: Bundle[ClaimedCall] = Bundle("settled")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        url, self.reader = self.open_empty()
        self.database = self.run(open_database(url))
        self.outbox = caller_clock_outbox(self.database)
        self.model = Model()
        self.now: datetime = AT
        self.was_paused = False
        self.cancels = 0  # Few: cancelled messages take no further part.

    def open_empty(self) -> tuple[str, Any]:
        """Creates an empty outbox; returns its URL and a second connection to read it."""
        file = Path(self.folder.name) / "outbox.sqlite3"
        file.write_bytes(template())
        return f"sqlite:///{file}", sqlite3.connect(file)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs `work` and returns its result."""
        return self.runner.run(work)

    def waits(self) -> bool:
        """Whether there is anything in the queue."""
        return State.QUEUED in {row.state for row in self.model.rows}

    def teardown(self) -> None:
        """Closes the database and the event loop."""
        self.reader.close()
        self.run(self.database.close())
        self.runner.close()
        self.folder.cleanup()

    @rule(
        target=messages,
        phones=st.lists(st.sampled_from(PHONES), min_size=1, unique=True),
        priority=st.sampled_from(Priority),
        lives=st.sampled_from([None, 1, 15, 30]),
    )
    def accept(self, phones: list[str], priority: Priority, lives: int | None) -> Message:
        """Accepts a message."""
        expires = None if lives is None else self.now + timedelta(seconds=lives)
        wanted = new_message(*phones, priority=priority, expires_at=expires)
        message = self.run(self.outbox.intake.accept(wanted, self.now)).message
        self.model.rows += [
            Row(message.id, phone, priority, due=self.now, expires=expires) for phone in phones
        ]
        return message

    @initialize(target=messages)
    def begin(self) -> Any:
        """Accepts a first message."""
        return self.accept([PHONES[0]], Priority.NORMAL, None)

    @precondition(lambda self: self.waits())
    @rule(target=claimed, owner=st.sampled_from(["one", "two"]))
    def claim(self, owner: str) -> Any:
        """An owner claims a call, and gets the one that the model expects."""
        expected = self.model.next_call(self.now)
        call = self.run(self.outbox.claims.claim(owner, LEASE, self.now))
        got = [(call.message_id, one.phone) for one in call.recipients] if call else []

        assert sorted(got) == sorted((row.message, row.phone) for row in expected)
        if call is None:
            return NOTHING
        self.model.claim(call.attempt, expected, self.now)
        return call

    @precondition(lambda self: self.waits())
    @rule(
        target=flying,
        owner=st.sampled_from(["one", "two"]),
        outcome=st.none() | st.sampled_from(OUTCOMES),
    )
    def send(self, owner: str, outcome: State | None) -> Any:
        """An owner claims a call and sends it; an answer comes, or none for now."""
        call = self.claim(owner)
        if call is NOTHING or self.put_in_flight(call) is NOTHING:
            return NOTHING
        if outcome is None:
            return call
        self.settle(call, outcome, 2, 1)
        return NOTHING

    @rule(target=flying, call=consumes(claimed))
    def put_in_flight(self, call: ClaimedCall) -> Any:
        """An owner puts its call in flight; it may have stalled meanwhile."""
        may = self.run(self.outbox.settlements.put_in_flight(call, LEASE, self.now))

        assert may == self.model.put_in_flight(call.attempt, self.now)
        return call if may else NOTHING

    @rule(call=flying)
    def renew(self, call: ClaimedCall) -> None:
        """An owner renews its lease, which may have expired meanwhile."""
        renewed = self.run(self.outbox.settlements.renew(call, LEASE, self.now))

        assert renewed == self.model.renew(call.attempt, self.now)

    @rule(
        target=settled,
        call=consumes(flying),
        outcome=st.sampled_from(OUTCOMES),
        delay=st.integers(0, 120),
        times=st.sampled_from([1, 1, 2]),
    )
    def settle(self, call: ClaimedCall, outcome: State, delay: int, times: int) -> ClaimedCall:
        """An owner settles a call, soon or late, or twice because a commit's answer was lost."""
        due = self.now + timedelta(seconds=delay)
        for _ in range(times):
            self.run(self.outbox.settlements.settle(call, Settlement(outcome, due), self.now))
        self.model.settle(call.attempt, outcome, due, self.now)
        return call

    @rule(
        target=settled,
        call=consumes(flying),
        outcome=st.sampled_from(OUTCOMES),
        swept=st.booleans(),
        again=st.booleans(),
    )
    def settle_late(self, call: ClaimedCall, outcome: State, *, swept: bool, again: bool) -> Any:
        """An owner that stalled settles its call; a person may have decided meanwhile."""
        self.wait(31, swept=swept)
        if again:
            self.decide_about(call.message_id, call.ref, State.QUEUED)
        return self.settle(call, outcome, 2, 1)

    @rule(call=settled, after=st.sampled_from([State.DELIVERED, State.UNDELIVERED, State.STUCK]))
    def report(self, call: ClaimedCall, after: State) -> None:
        """The gateway reports on a call; if it was not sent, nothing changes."""
        phones = tuple(one.phone for one in call.recipients)
        tracked = TrackedCall(call.attempt, "f4c8", phones, self.now, 0)
        found = dict.fromkeys(phones, after)
        update = DeliveryUpdate(found, status="sent")
        self.run(self.outbox.delivery.record_check(tracked, update, next_at=None, now=self.now))
        self.model.report(call.attempt, after)

    @rule(target=flying, call=consumes(claimed), seconds=st.sampled_from([29, 30]))
    def put_in_flight_late(self, call: ClaimedCall, seconds: int) -> Any:
        """An owner that stalled to the end of its lease continues, before the lease is reaped."""
        self.wait(seconds, swept=False)
        return self.put_in_flight(call)

    @precondition(lambda self: self.model.depends_on_time(self.now))
    @rule(seconds=st.sampled_from([1, 15, 30, 120]), swept=st.booleans())
    def wait(self, seconds: int, *, swept: bool) -> None:
        """Time passes, and expired leases are reaped or not."""
        self.now += timedelta(seconds=seconds)
        if swept:
            self.run(self.outbox.leases.reap_expired(self.now))
            self.model.reap_expired(self.now)

    @precondition(lambda self: self.waits() and self.cancels < 2)
    @rule(message=messages)
    def cancel(self, message: Message) -> None:
        """A person cancels a message."""
        self.cancels += 1
        self.run(self.outbox.cancellation.cancel(message.ref, self.now, ACTOR))
        self.model.cancel(message.id)

    @precondition(lambda self: State.UNKNOWN in {row.state for row in self.model.rows})
    @rule(message=messages, after=st.sampled_from([State.QUEUED, State.SENT]))
    def decide(self, message: Message, after: State) -> None:
        """A person decides about an unknown message."""
        self.decide_about(message.id, message.ref, after)

    def decide_about(self, message: int, ref: str, after: State) -> None:
        """Decides about a message; sending it again sets a new expiry."""
        expires = self.now + timedelta(seconds=60)
        if after is State.QUEUED:
            self.run(self.outbox.decisions.send_again(ref, self.now, ACTOR, expires_at=expires))
        else:
            self.run(self.outbox.decisions.treat_as_sent(ref, self.now, ACTOR))
        self.model.decide(message, after, self.now, expires)

    @precondition(lambda self: not self.was_paused)
    @rule(phone=st.sampled_from(PHONES))
    def pause(self, phone: str) -> None:
        """During a pause nothing is accepted and nothing is claimed."""
        self.was_paused = True
        self.run(self.outbox.kill_switch.pause("", self.now, ACTOR))
        with pytest.raises(SendingPaused):
            self.run(self.outbox.intake.accept(new_message(phone), self.now))
        assert self.run(self.outbox.claims.claim("one", LEASE, self.now)) is None
        self.run(self.outbox.kill_switch.resume(self.now, ACTOR))

    @invariant()
    def every_recipient_is_in_the_state_of_the_model(self) -> None:
        """No recipient is lost, or in another state than in the model."""
        found = self.reader.execute("SELECT phone, state FROM recipient ORDER BY id").fetchall()

        assert found == [(row.phone, row.state.value) for row in self.model.rows]

    @invariant()
    def nothing_is_sent_more_often_than_allowed(self) -> None:
        """Once, and once more for each proof that nothing was sent and for each decision."""
        assert all(row.times_sent <= row.allowed_sends for row in self.model.rows)


TestOutbox = pytest.mark.integration(OutboxMachine.TestCase)
TestOutbox.settings = settings(max_examples=20, stateful_step_count=40, deadline=None)


def test_it_is_the_same_on_postgresql(postgres_databases: Postgres) -> None:
    """The machine runs on PostgreSQL too, with fewer examples, as each takes longer."""

    class Served(OutboxMachine):
        def open_empty(self) -> tuple[str, Any]:
            url = postgres_databases.new_database()
            return url, psycopg.connect(url, autocommit=True)

    few = settings(max_examples=4, stateful_step_count=40, deadline=None)
    run_state_machine_as_test(Served, settings=few)
