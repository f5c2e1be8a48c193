"""Each firing alert is in exactly one SMS of each step, or visibly waits, whatever happens."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from kwtsms_bot.bridge.on_call.duty_roster import Override
from kwtsms_bot.bridge.pace import SETTLE
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.database.tables import incident, notification
from kwtsms_bot.outbox.flow_control.kill_switch import KillSwitch
from support.alert_model import ACKNOWLEDGED, FIRING, AlertModel, ModelIncident
from support.bridge_bench import FAHAD, NOURA, BridgeBench, alert, bridge_bench, ended
from support.database import ACTOR
from support.postgres import Postgres

T = TypeVar("T")
LEAD, SARA = "96551111111", "96552222222"
NUMBERS = {"noura": NOURA, "fahad": FAHAD, "lead": LEAD, "sara": SARA}
PHONEBOOK = {"contacts": {name: f"+{number}" for name, number in NUMBERS.items()}}
BRIDGE: dict[str, Any] = {
    "channel": "C0123ALERT",
    "integrations": {"scripts": {"kind": "native", "token": "demo-native-token"}},
    "oncall": {"ops": {"people": ["noura"], "from": "2026-01-04 08:00", "every": "7d"}},
    "receivers": {
        "ops": {
            "to": ["oncall.ops"],
            "escalate": [
                {"after": "5m", "to": ["fahad", "oncall.ops"]},
                {"after": "10m", "to": ["lead"]},
            ],
            "repeat": {"times": 0},
        }
    },
}
MAX_INCIDENTS = 8  # More within a minute are a storm.
TICK = 30  # Shorter than what sets the clock of the steps back.


class AlertMachine(RuleBasedStateMachine):
    """Tools, people, kwtSMS, the duty roster and time, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.exits = AsyncExitStack()
        self.bench: BridgeBench = self.run(self._open())
        self.model = AlertModel()
        self.is_paused = False

    async def _open(self) -> BridgeBench:
        return await self.exits.enter_async_context(
            bridge_bench(self.location(), BRIDGE, PHONEBOOK)
        )

    def location(self) -> Path | str:
        """Returns where the database is."""
        return Path(self.folder.name)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs `work` and returns its result."""
        return self.runner.run(work)

    def teardown(self) -> None:
        """Closes the database and the event loop."""
        self.run(self.exits.aclose())
        self.runner.close()
        self.folder.cleanup()

    def pick(self, number: int) -> ModelIncident:
        """Returns one of the incidents."""
        return self.model.incidents[number % len(self.model.incidents)]

    @initialize()
    def begin(self) -> None:
        """Begins with an alert."""
        self.fire()

    @precondition(lambda self: len(self.model.incidents) < MAX_INCIDENTS)
    @rule()
    def fire(self) -> None:
        """A tool reports something new."""
        key = f"k{len(self.model.incidents)}"
        (result,) = self.run(self.bench.post(alert(key)))
        self.model.fire(key, str(result.ref), self.bench.now)

    @rule(number=st.integers(0, MAX_INCIDENTS))
    def end(self, number: int) -> None:
        """A tool reports the end."""
        one = self.pick(number)
        self.run(self.bench.post(ended(one.key)))
        one.resolve()

    @rule(number=st.integers(0, MAX_INCIDENTS), action=st.sampled_from(Action))
    def act(self, number: int, action: Action) -> None:
        """A person acts; only the first one counts."""
        one = self.pick(number)
        effects: dict[Action, Callable[[], bool]] = {
            Action.ACKNOWLEDGE: one.acknowledge,
            Action.UNACKNOWLEDGE: lambda: one.withdraw(self.bench.now),
            Action.RESOLVE: one.resolve,
            Action.NOTIFY_AGAIN: lambda: one.state == FIRING,  # No outcome is unknown here.
        }
        expected = effects[action]()
        result = self.run(self.bench.act(one.ref, action))

        assert result.done == expected

    @rule(person=st.sampled_from(["noura", "sara"]))
    def change_roster(self, person: str) -> None:
        """Another person is on call from now on."""
        now = self.bench.now
        end = now + timedelta(days=30)
        self.bench.roster.set_overrides([Override("ops", person, now, end)])
        self.model.on_call = person

    @rule()
    def reach(self) -> None:
        """The connection to kwtSMS fails, or works again: what is queued is recalled."""
        self.bench.reachable = not self.bench.reachable

    @rule()
    def pause(self) -> None:
        """An admin stops or resumes all sending."""
        switch, now = KillSwitch(self.bench.database), self.bench.now
        work = switch.resume(now, ACTOR) if self.is_paused else switch.pause("", now, ACTOR)
        self.run(work)
        self.is_paused = not self.is_paused

    @rule()
    def kill(self) -> None:
        """A replica dies in a pass."""
        self.run(self.bench.break_pass())

    @rule(seconds=st.sampled_from([5, 60, 150, 300]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        for _ in range(0, seconds, min(seconds, TICK)):
            self.run(self.bench.advance(min(seconds, TICK), step=min(seconds, TICK)))
            self.model.pass_at(self.bench.now)

    @invariant()
    def each_step_has_its_rows(self) -> None:
        """There is exactly one notification for each incident, step and person."""
        rows = self.run(self.load())
        found = [(row.ref, row.step, row.contact) for row in rows]

        assert len(found) == len(set(found))
        assert set(found) == self.model.rows

    @invariant()
    def each_row_is_in_one_message_or_waits(self) -> None:
        """A notification of what fires is sent once, or waits with its reason."""
        states = {one.ref: one.state for one in self.model.incidents}
        sent: dict[str, set[int]] = {name: set() for name in NUMBERS}
        for row in self.run(self.load()):
            if row.state in ("sent", "unknown"):
                sent[row.contact].add(row.recipient_id)
            if states[row.ref] == FIRING:
                self._check_firing(row)

        texts = Counter(phone for _, phone, _ in self.bench.sent)
        settled = {NUMBERS[name]: len(numbers) for name, numbers in sent.items() if numbers}
        bundled = {row.contact for row in self.run(self.load()) if row.state == "bundled"}
        for phone, count in texts.items():
            name = next(one for one, number in NUMBERS.items() if number == phone)
            # The outcome of the last one is copied by the next pass.
            assert count - settled.get(phone, 0) in ((0, 1) if name in bundled else (0,))

    def _check_firing(self, row: Any) -> None:
        """A notification of what fires is sent, in a message, or waits and says why."""
        withdrawn = ("cancelled", "not_needed")  # It was acknowledged before it was sent.
        assert row.state in ("waiting", "bundled", "sent", *withdrawn)
        is_late = self.bench.now - row.due_at > SETTLE + timedelta(seconds=TICK)
        if row.state == "waiting" and is_late:
            assert row.reason is not None

    async def load(self) -> list[Any]:
        """Returns all notifications, with their incidents' references."""
        query = select(notification, incident.c.ref, incident.c.state.label("incident_state"))
        async with self.bench.database.reading() as connection:
            return list(await connection.execute(query.join_from(notification, incident)))

    @invariant()
    def nothing_waits_after_an_acknowledgement(self) -> None:
        """An acknowledgement cancels what waits, in its own transaction."""
        states = {one.ref: one.state for one in self.model.incidents}
        for row in self.run(self.load()):
            assert row.incident_state == states[row.ref]
            if states[row.ref] == ACKNOWLEDGED:
                assert row.state != "waiting"


def test_alerts_behave_like_their_model() -> None:
    """No step is lost or doubled, in any order of events."""
    few = settings(max_examples=10, stateful_step_count=15, deadline=None)
    run_state_machine_as_test(AlertMachine, settings=few)


def test_it_is_the_same_on_postgresql(postgres_databases: Postgres) -> None:
    """The machine runs on PostgreSQL too, with fewer examples, as each takes longer."""

    class Served(AlertMachine):
        def location(self) -> Path | str:
            return postgres_databases.new_database()

    few = settings(max_examples=2, stateful_step_count=15, deadline=None)
    run_state_machine_as_test(Served, settings=few)
