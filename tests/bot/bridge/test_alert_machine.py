"""Each firing alert is in exactly one SMS of each step, or visibly waits, whatever happens."""

import asyncio
import tempfile
from collections import Counter, defaultdict
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

from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.on_call.duty_roster import Override
from kwtsms_bot.bridge.pace import SETTLE
from kwtsms_bot.bridge.silences.silence import TimeWindow
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.bridge.store.silences import NewSilence
from kwtsms_bot.database.tables import incident, notification
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_client.errors import rejection
from support.alert_model import FIRING, WEEK, AlertModel, ModelIncident, ModelRow, ModelSilence
from support.bridge_bench import FAHAD, NOURA, BridgeBench, alert, bridge_bench, ended
from support.database import ACTOR
from support.postgres import Postgres

T = TypeVar("T")
LEAD, SARA = "96551111111", "96552222222"
NUMBERS = {"noura": NOURA, "fahad": FAHAD, "lead": LEAD, "sara": SARA}
PHONEBOOK = {"contacts": {name: f"+{number}" for name, number in NUMBERS.items()}}
NOBODY_IN_THE_DAY = {"people": ["sara"], "from": "2026-01-04 08:00", "hours": "02:00-03:00"}
BRIDGE: dict[str, Any] = {
    "channel": "C0123ALERT",
    "integrations": {"scripts": {"kind": "native", "token": "demo-native-token"}},
    "oncall": {"ops": NOBODY_IN_THE_DAY | {"every": "7d"}},
    "receivers": {
        "ops": {
            "to": ["fahad", "oncall.ops"],
            "escalate": [
                {"after": "5m", "to": ["oncall.ops"]},
                {"after": "10m", "to": ["lead"]},
            ],
            "repeat": {"every": "5m", "times": 1},
        }
    },
}
MAX_ALERTS = 30
TICK = 30  # Shorter than what sets the clock of the steps back.
SITES = st.sampled_from(["shuwaikh", "ahmadi"])
ANY = st.integers(0, 20)
WITHDRAWN = ("cancelled", "not_needed")
LEFT = ("sent", "unknown")


class AlertMachine(RuleBasedStateMachine):
    """Tools, people, kwtSMS, the duty roster and time, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.exits = AsyncExitStack()
        self.bench: BridgeBench = self.run(self._open())
        self.model = AlertModel(None)
        self.alerts: list[tuple[str, str | None, str]] = []  # Key, group and site.
        self.unreached: set[int] = set()  # The notifications that were refused or removed.
        self.was_refused: set[str] = set()
        self.was_removed: set[str] = set()
        self.people = dict(self.bench.people)
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
        found = list(self.model.incidents.values())
        return found[number % len(found)]

    @initialize(site=SITES)
    def begin(self, site: str) -> None:
        """Begins with an alert."""
        self.fire(1, site, None)

    @precondition(lambda self: len(self.alerts) < MAX_ALERTS)
    @rule(
        count=st.sampled_from([1, 1, 1, 2, 12]),
        site=SITES,
        group=st.sampled_from([None, "group-1", "group-2"]),
    )
    def fire(self, count: int, site: str, group: str | None) -> None:
        """A tool reports something new; many at once are a storm."""
        new = [(f"k{len(self.alerts) + number}", group, site) for number in range(count)]
        self.alerts += new
        results = self.run(
            self.bench.post(
                *(alert(key, group=group, labels={"site": site}) for key, group, site in new)
            )
        )
        refs = [str(one.ref) for one in results]
        found = [(ref, key, site) for ref, (key, _, site) in zip(refs, new, strict=True)]
        self.model.fire(found, self.bench.now)

    @rule(number=st.integers(0, MAX_ALERTS))
    def end(self, number: int) -> None:
        """A tool reports the end."""
        key, group, site = self.alerts[number % len(self.alerts)]
        self.run(self.bench.post(ended(key, group=group, labels={"site": site})))
        self.model.end(key)

    @rule(number=st.integers(0, MAX_ALERTS))
    def worsen(self, number: int) -> None:
        """A tool reports a higher severity."""
        key, group, site = self.alerts[number % len(self.alerts)]
        if not self.model.fires(key):
            return
        critical = AlertSeverity.CRITICAL
        worse = alert(key, group=group, labels={"site": site}, severity=critical)
        self.run(self.bench.post(worse))
        self.model.worsen(key, self.bench.now)

    @rule(number=ANY, action=st.sampled_from(Action))
    def act(self, number: int, action: Action) -> None:
        """A person acts; only the first one counts."""
        one = self.pick(number)
        effects: dict[Action, Callable[[], bool]] = {
            Action.ACKNOWLEDGE: one.acknowledge,
            Action.UNACKNOWLEDGE: lambda: one.withdraw(self.bench.now),
            Action.RESOLVE: one.resolve,
            Action.NOTIFY_AGAIN: lambda: self._notify_again(one),
        }
        expected = effects[action]()
        result = self.run(self.bench.act(one.ref, action))

        assert result.done == expected

    def _notify_again(self, one: ModelIncident) -> bool:
        if one.state != FIRING:
            return False
        rows = [row for row in self.run(self.load()) if row.ref == one.ref]
        contacts = sorted({row.contact for row in rows if row.state == "unknown"})
        times = max((row.step for row in rows if row.kind == "again"), default=0)
        one.add(contacts, times + 1, "again")
        if one.muted:
            one.ended |= set(one.rows)
        return True

    @rule(
        site=st.none() | SITES,
        number=ANY,
        begins=st.sampled_from([0, 0, 120]),
        minutes=st.sampled_from([2, 6, 30]),
        since=st.sampled_from([timedelta(0), WEEK]),
    )
    def silence(
        self, site: str | None, number: int, begins: int, minutes: int, since: timedelta
    ) -> None:
        """A person silences a site or an incident; a weekly silence began a week ago."""
        ref = None if site else self.pick(number).ref
        now = self.bench.now
        start, weekly = now + timedelta(seconds=begins) - since, since == WEEK
        window = TimeWindow(start, start + timedelta(minutes=minutes))
        conditions = {"site": (site,)} if site else {}
        new = NewSilence(conditions, ref, window, weekly, "")
        created = self.run(self.bench.silences.create(new, ACTOR)).silence
        made = ModelSilence(created.ref, site, ref, start, window.ends_at, weekly)
        self.model.silence(made, now)

    @precondition(lambda self: self.model.silences)
    @rule(number=ANY)
    def end_silence(self, number: int) -> None:
        """A person ends a silence; the second time there is none."""
        one = self.model.silences[number % len(self.model.silences)]
        found = self.run(self.bench.silences.end(one.ref, ACTOR))

        assert (found is not None) == self.model.end_silence(one.ref, self.bench.now)

    @rule(person=st.sampled_from(["noura", "sara", None]))
    def change_roster(self, person: str | None) -> None:
        """Another person is on call from now on, or nobody."""
        now = self.bench.now
        override = [Override("ops", person, now, now + timedelta(days=30))] if person else []
        self.bench.roster.set_overrides(override)
        self.model.on_call = person

    @rule(change=st.sampled_from(["reach", "credits", "answers", "late", "probe"]))
    def change_gateway(self, change: str) -> None:
        """The connection to kwtSMS fails, credits are used up, answers are lost; or all is well."""
        bench = self.bench
        match change:
            case "reach":
                bench.reachable = not bench.reachable
            case "credits":
                bench.refusal = None if bench.refusal else rejection("ERR010")
            case "answers":
                unknown = Settlement(State.UNKNOWN, bench.now)
                bench.outcome = None if bench.outcome else unknown
            case "late":
                self.run(bench.answer_late())
            case "probe":
                self.run(bench.outbox.breaker.record_probe(answered=True))

    @rule(name=st.sampled_from(["fahad", "noura", "lead"]))
    def refuse(self, name: str) -> None:
        """KwtSMS refuses a number, or accepts it again."""
        self.bench.refused ^= {NUMBERS[name]}
        self.was_refused |= {name}

    @rule(name=st.sampled_from(["fahad", "sara"]))
    def remove(self, name: str) -> None:
        """A person is removed from the phone book, or added again."""
        self.was_removed |= {name}
        if self.bench.people.pop(name, None) is None:
            self.bench.people[name] = self.people[name]

    @rule()
    def pause(self) -> None:
        """An admin stops or resumes all sending."""
        switch, now = self.bench.outbox.kill_switch, self.bench.now
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
            self.model.run_pass(self.bench.now)
            self._pass_unreached()

    def _pass_unreached(self) -> None:
        """Tells the model which steps have reached nobody."""
        rows = self.run(self.load())
        unreached = [
            one
            for one in rows
            if one.state == "failed" or (one.state == "cancelled" and one.reason == "removed")
        ]
        reached = {row_of(one): one.state not in ("failed", *WITHDRAWN) for one in rows}
        for ref in {one.ref for one in unreached if one.id not in self.unreached}:
            self.model.incidents[ref].pass_unreached(reached, self.bench.now)
        self.unreached |= {one.id for one in unreached}

    async def load(self) -> list[Any]:
        """Returns all notifications, with their incidents' references."""
        query = select(notification, incident.c.ref, incident.c.state.label("incident_state"))
        async with self.bench.database.reading() as connection:
            return list(await connection.execute(query.join_from(notification, incident)))

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        """There is one notification for each incident, step and person: sent, or it waits."""
        if not self.model.incidents:
            return
        rows = self.run(self.load())

        assert Counter(map(row_of, rows)) == Counter(self.model.rows)
        for row in rows:
            self._check(row, self.model.incidents[row.ref])
        self._check_texts(rows)

    def _check(self, row: Any, one: ModelIncident) -> None:
        """A notification is sent or waits and says why, unless it is over."""
        assert row.incident_state == one.state
        assert row.state != "failed" or self.was_refused
        if row.state in WITHDRAWN and row.contact not in self.was_removed:
            assert row_of(row) in one.ended
        is_acknowledged = one.state == "acknowledged" and row.kind != "worse"
        if row.state == "waiting" and (is_acknowledged or one.muted):
            raise AssertionError("it is withdrawn in the transaction that takes or mutes it")
        is_late = self.bench.now - row.due_at > SETTLE + timedelta(seconds=TICK)
        if row.state == "waiting" and is_late:
            assert row.reason is not None

    def _check_texts(self, rows: list[Any]) -> None:
        """Each phone has as many texts as its notifications say."""
        texts: defaultdict[str, set[int]] = defaultdict(set)
        for row in rows:
            if row.state in LEFT:
                texts[NUMBERS[row.contact]].add(row.recipient_id)
        bundled = {NUMBERS[row.contact] for row in rows if row.state == "bundled"}
        for phone, count in Counter(phone for _, phone, _ in self.bench.sent).items():
            # The outcome of the last one is copied by the next pass.
            assert count - len(texts[phone]) in ((0, 1) if phone in bundled else (0,))


def row_of(row: Any) -> ModelRow:
    """Returns a stored notification as the model has it."""
    return ModelRow(row.ref, row.wave, row.contact, row.step, row.kind)


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
