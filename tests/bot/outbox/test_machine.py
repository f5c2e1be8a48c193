"""Whatever happens in whatever order, the outbox does what its model does, and no more."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Coroutine
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

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
)

from kwtsms_bot.database import open_database
from kwtsms_bot.outbox.message import ClaimedCall, Message, Priority, State
from kwtsms_bot.outbox.retry import Plan
from kwtsms_bot.outbox.store import Pause, Paused, Store
from support.database import AT, new
from support.outbox_model import LEASE, Model, Row

T = TypeVar("T")
PHONES = tuple(f"9659876543{digit}" for digit in range(4))
NOTHING: Any = multiple()
OUTCOMES = (State.SENT, State.REJECTED, State.QUEUED, State.UNKNOWN)


@cache
def template() -> bytes:
    """An empty outbox: to make its tables takes longer than all that follows."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "outbox.sqlite3"
        asyncio.run(_made(f"sqlite:///{file}"))
        return file.read_bytes()


async def _made(url: str) -> None:
    database = await open_database(url)
    await database.close()


class Outbox(RuleBasedStateMachine):
    """People, two owners of calls, the gateway and time, in any order."""

    messages: Bundle[Message] = Bundle("messages")
    claimed: Bundle[ClaimedCall] = Bundle("claimed")
    flying: Bundle[ClaimedCall] = Bundle("flying")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        file = Path(self.folder.name) / "outbox.sqlite3"
        file.write_bytes(template())
        self.database = self.run(open_database(f"sqlite:///{file}"))
        self.store = Store(self.database)
        self.reader = sqlite3.connect(file)
        self.model = Model()
        self.now: datetime = AT
        self.was_paused = False
        self.cancels = 0  # Few: what is cancelled takes part in nothing more.

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Waits for it."""
        return self.runner.run(work)

    def waits(self) -> bool:
        """Whether there is anything in the queue."""
        return State.QUEUED in {row.state for row in self.model.rows}

    def teardown(self) -> None:
        """Closes all."""
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
        """Somebody sends."""
        expires = None if lives is None else self.now + timedelta(seconds=lives)
        wanted = new(*phones, priority=priority, expires_at=expires)
        message = self.run(self.store.accept(wanted, self.now)).message
        self.model.rows += [
            Row(message.id, phone, priority, due=self.now, expires=expires) for phone in phones
        ]
        return message

    @initialize(target=messages)
    def begin(self) -> Any:
        """There is something to do."""
        return self.accept([PHONES[0]], Priority.NORMAL, None)

    @precondition(lambda self: self.waits())
    @rule(target=claimed, owner=st.sampled_from(["one", "two"]))
    def claim(self, owner: str) -> Any:
        """An owner asks for work, and gets what the model says is next."""
        expected = self.model.next_call(self.now)
        call = self.run(self.store.claim(owner, LEASE, self.now))
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
        """An owner asks for work and sends it; an answer comes, or none for the time being."""
        call = self.claim(owner)
        if call is NOTHING or self.put_in_flight(call) is NOTHING:
            return NOTHING
        if outcome is None:
            return call
        self.settle(call, outcome, 2)
        return NOTHING

    @rule(target=flying, call=consumes(claimed))
    def put_in_flight(self, call: ClaimedCall) -> Any:
        """An owner wants to send; it may have slept in the meantime."""
        may = self.run(self.store.put_in_flight(call, LEASE, self.now))

        assert may == self.model.put_in_flight(call.attempt, self.now)
        return call if may else NOTHING

    @rule(call=consumes(flying), outcome=st.sampled_from(OUTCOMES), delay=st.integers(0, 120))
    def settle(self, call: ClaimedCall, outcome: State, delay: int) -> None:
        """An answer comes, soon or late."""
        due = self.now + timedelta(seconds=delay)
        self.run(self.store.settle(call, Plan(outcome, due), self.now))
        self.model.settle(call.attempt, outcome, due, self.now)

    @rule(call=consumes(flying), outcome=st.sampled_from(OUTCOMES), swept=st.booleans())
    def settle_late(self, call: ClaimedCall, outcome: State, *, swept: bool) -> None:
        """An answer comes to an owner that stood still past its lease."""
        self.wait(31, swept=swept)
        self.settle(call, outcome, 2)

    @rule(target=flying, call=consumes(claimed), seconds=st.sampled_from([29, 30]))
    def put_in_flight_late(self, call: ClaimedCall, seconds: int) -> Any:
        """An owner that stood still to the end of its lease goes on, before a sweep came by."""
        self.wait(seconds, swept=False)
        return self.put_in_flight(call)

    @precondition(lambda self: self.model.awaits(self.now))
    @rule(seconds=st.sampled_from([1, 15, 30, 120]), swept=st.booleans())
    def wait(self, seconds: int, *, swept: bool) -> None:
        """Time passes, and the sweep comes by or not."""
        self.now += timedelta(seconds=seconds)
        if swept:
            self.run(self.store.reap(self.now))
            self.model.reap(self.now)

    @precondition(lambda self: self.waits() and self.cancels < 2)
    @rule(message=messages)
    def cancel(self, message: Message) -> None:
        """Somebody takes it back."""
        self.cancels += 1
        self.run(self.store.cancel(message.ref, self.now))
        self.model.cancel(message.id)

    @precondition(lambda self: State.UNKNOWN in {row.state for row in self.model.rows})
    @rule(message=messages, after=st.sampled_from([State.QUEUED, State.SENT]))
    def decide(self, message: Message, after: State) -> None:
        """Somebody decides about what is unknown."""
        again = after is State.QUEUED
        decide = self.store.send_again if again else self.store.treat_as_sent
        self.run(decide(message.ref, self.now))
        self.model.decide(message.id, after, self.now)

    @precondition(lambda self: not self.was_paused)
    @rule(phone=st.sampled_from(PHONES))
    def pause(self, phone: str) -> None:
        """While an administrator has paused all sending nothing is taken and nothing is next."""
        self.was_paused = True
        self.run(self.store.pause(Pause("U1", "", self.now)))
        with pytest.raises(Paused):
            self.run(self.store.accept(new(phone), self.now))
        assert self.run(self.store.claim("one", LEASE, self.now)) is None
        self.run(self.store.resume())

    @invariant()
    def every_recipient_stands_where_the_model_says(self) -> None:
        """Nothing is lost, nothing is anywhere else."""
        found = self.reader.execute("SELECT phone, state FROM recipient ORDER BY id").fetchall()

        assert found == [(row.phone, row.state.value) for row in self.model.rows]

    @invariant()
    def nothing_leaves_more_often_than_it_may(self) -> None:
        """Once, and once more for each proof that nothing was sent and each person's word."""
        assert all(row.departures <= row.permits for row in self.model.rows)


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
