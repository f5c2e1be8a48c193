"""A drill goes the whole way to a phone, and passes only if a person acknowledges its SMS."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.bridge.alert_tester import AlertTester
from kwtsms_bot.bridge.drills.control import DrillControl
from kwtsms_bot.bridge.drills.drill import (
    WEEK,
    Drill,
    DrillOutcome,
    due_slot,
    find_outcome,
    last_slot,
    next_slot,
)
from kwtsms_bot.bridge.drills.store.drills import DrillRefusal
from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.states import NotificationState
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.bridge.store.incident_dms import IncidentDmStore
from kwtsms_bot.config.on_call import DrillSettings
from support.bridge_bench import BRIDGE, FAHAD, NOURA, BridgeBench, alert, bridge_bench, ended
from support.database import ACTOR, AT
from support.incident_testbed import make_drills

MINUTE = timedelta(minutes=1)
SUNDAY = datetime(2026, 11, 29, 7, tzinfo=UTC)  # 10:00 in Kuwait.
WEEKLY = BRIDGE | {
    "receivers": {
        "ops": {"to": ["noura"], "escalate": [{"after": "5m", "to": ["fahad"]}]},
    },
    "drill": {"at": "Sun 10:00", "receiver": "ops", "within": "10m"},
}
SETTINGS = DrillSettings.model_validate(WEEKLY["drill"])


def make_control(bench: BridgeBench) -> DrillControl:
    """The drills of one replica."""
    tester = AlertTester(
        bench.bridge,
        bench.phonebook,
        bench.receivers,
        intake=bench.intake,
        dms=IncidentDmStore(bench.database),
    )
    return make_drills(bench, tester)


async def run(
    bench: BridgeBench, *controls: DrillControl, seconds: int, step: int = 5
) -> list[str]:
    """Lets time pass; returns the texts that left."""
    texts = []
    for _ in range(0, seconds, step):
        for one in controls:
            await one.advance()
        texts += await bench.advance(step, step=step)
    for one in controls:
        await one.advance()
    return texts


def set_time(bench: BridgeBench, now: datetime) -> None:
    """Sets the clock."""
    bench.now = now
    bench.tick()


async def test_a_drill_that_is_acknowledged_passes(database_url: str) -> None:
    """Scenario 39: at its time one SMS leaves, of two replicas; an ack within 10 min is green."""
    async with bridge_bench(database_url, WEEKLY) as bench:
        controls = [make_control(bench), make_control(bench)]
        set_time(bench, SUNDAY - MINUTE)
        before = await run(bench, *controls, seconds=60)
        (text,) = await run(bench, *controls, seconds=90)
        await bench.act(text[-5:], Action.ACKNOWLEDGE, "U0NOURA")
        after = await run(bench, *controls, seconds=900, step=60)
        (drill,) = await controls[0].store.latest(5)
        unreported = await controls[1].store.unreported()

    assert (before, after) == ([], [])
    assert text == f"TEST Press Acknowledge in Slack by 10:10. {drill.ref}"
    assert [phone for _, phone, _ in bench.sent] == [NOURA]
    assert (drill.outcome, drill.acknowledged_by) == (DrillOutcome.PASSED, "U0NOURA")
    assert drill.accepted_at is not None
    assert timedelta(0) < drill.accepted_at - drill.started_at <= 10 * timedelta(seconds=1)
    assert drill.acknowledged_at is not None
    assert drill.acknowledged_at - drill.started_at > MINUTE
    assert [one.id for one in unreported] == [drill.id]


async def test_a_drill_that_nobody_acknowledges_fails(database_url: str) -> None:
    """Scenario 39: no ack is red; step 2 is named, and texted nothing."""
    async with bridge_bench(database_url, WEEKLY) as bench:
        control = make_control(bench)
        set_time(bench, SUNDAY)
        texts = await run(bench, control, seconds=15)
        texts += await run(bench, control, seconds=580, step=20)
        (running,) = await control.store.latest(5)
        texts += await run(bench, control, seconds=300, step=60)
        (drill,) = await control.store.latest(5)
        late = await bench.act(drill.ref, Action.ACKNOWLEDGE)

    assert len(texts) == 1
    assert (running.outcome, drill.outcome) == (None, DrillOutcome.FAILED)
    assert control.next_step(drill) == ("fahad",)
    assert FAHAD not in {phone for _, phone, _ in bench.sent}
    assert (late.done, late.state) == (False, "resolved")


async def test_an_acknowledgement_before_the_sms_proves_nothing(database_url: str) -> None:
    """The card was acknowledged before the SMS left, so the way to the phone was not tested."""
    async with bridge_bench(database_url, WEEKLY) as bench:
        control = make_control(bench)
        ref = await control.start("ops", ACTOR)
        await bench.act(str(ref), Action.ACKNOWLEDGE)
        texts = await run(bench, control, seconds=60)
        (drill,) = await control.store.latest(5)

    assert texts == []
    assert (drill.outcome, drill.accepted_at) == (DrillOutcome.FAILED, None)
    assert drill.acknowledged_by == "U1"


async def test_a_deferred_sms_fails_the_drill_with_its_reason(database_url: str) -> None:
    """Sending is paused: that is what a drill is to find."""
    async with bridge_bench(database_url, WEEKLY) as bench:
        control = make_control(bench)
        await bench.outbox.kill_switch.pause("maintenance", bench.now, ACTOR)
        await control.start("ops", ACTOR)
        await run(bench, control, seconds=660, step=60)
        (drill,) = await control.store.latest(5)

    assert (drill.outcome, drill.accepted_at) == (DrillOutcome.FAILED, None)
    assert drill.deferral == "paused"


async def test_a_critical_incident_postpones_it(database_url: str) -> None:
    """The drill begins when nothing critical fires; meanwhile, a person is refused, too."""
    async with bridge_bench(database_url, WEEKLY) as bench:
        control = make_control(bench)
        set_time(bench, SUNDAY - MINUTE)
        await bench.post(alert("core", severity=AlertSeverity.CRITICAL))
        await run(bench, control, seconds=600, step=60)
        postponed, refused = control.postponement, await control.start("ops", ACTOR)
        claims = [await control.store.claim_postponement(SUNDAY) for _ in range(2)]
        await bench.post(ended("core"))
        texts = await run(bench, control, seconds=60)

    assert postponed is not None
    assert (postponed.slot, postponed.until) == (SUNDAY, SUNDAY + timedelta(hours=2))
    assert refused is DrillRefusal.CRITICAL
    assert claims == [True, False]
    assert control.postponement is None
    assert [text.startswith("TEST Press Acknowledge") for text in texts] == [True]


async def test_after_two_hours_it_is_left_out(database_url: str) -> None:
    """A bot that comes back in the evening doesn't text anybody for the morning's drill."""
    async with bridge_bench(database_url, WEEKLY) as bench:
        control = make_control(bench)
        set_time(bench, SUNDAY + timedelta(hours=2))
        texts = await run(bench, control, seconds=60)

    assert texts == []


async def test_one_at_a_time(database_url: str) -> None:
    """A second drill waits for the end of the first."""
    async with bridge_bench(database_url, WEEKLY) as bench:
        control = make_control(bench)
        await control.start("ops", ACTOR)
        second = await control.start("ops", ACTOR)
        await run(bench, control, seconds=660, step=60)
        third = await control.start("ops", ACTOR)

    assert second is DrillRefusal.RUNNING
    assert not isinstance(third, DrillRefusal)


async def test_switched_off_drills_do_not_begin(database_url: str) -> None:
    """Off until it is switched on; what was due meanwhile is not made up for."""
    async with bridge_bench(database_url, WEEKLY) as bench:
        control = make_control(bench)
        switched = [await control.switch_off(AT, ACTOR) for _ in range(2)]
        off = await control.view(AT)
        set_time(bench, SUNDAY)
        texts = await run(bench, control, seconds=60)
        switched += [await control.switch_on(AT, ACTOR) for _ in range(2)]
        texts += await run(bench, control, seconds=60)
        on = await control.view(bench.now)

    assert switched == [True, False, True, False]
    assert texts == []
    assert (off.next_at, off.switched_off_by) == (None, "U1")
    assert (on.next_at, on.switched_off_by) == (SUNDAY + WEEK, "")


async def test_an_sms_that_kwtsms_does_not_accept_fails_it(database_url: str) -> None:
    """No connection to kwtSMS within the time: that is what a drill is to find, too."""
    async with bridge_bench(database_url, WEEKLY) as bench:
        bench.reachable = False
        control = make_control(bench)
        await control.start("ops", ACTOR)
        await run(bench, control, seconds=660, step=60)
        (drill,) = await control.store.latest(5)

    assert (drill.outcome, drill.accepted_at) == (DrillOutcome.FAILED, None)


@given(st.timedeltas(timedelta(days=-300), timedelta(days=400)))
def test_slots_are_a_week_apart(since: timedelta) -> None:
    """Each moment lies between two times that are due, on Sundays at 10:00 in Kuwait."""
    now = AT + since
    last, following = last_slot(SETTINGS, now), next_slot(SETTINGS, now)

    assert last <= now < following == last + WEEK
    assert (last.weekday(), last.hour, last.minute) == (6, 7, 0)
    assert due_slot(SETTINGS, now) == (last if now - last < timedelta(hours=2) else None)


def test_a_time_that_clocks_skip_is_not_lost() -> None:
    """In Berlin, 02:30 is skipped on 28 March 2027: the drill is at 03:00, a week later as ever."""
    values = {"at": "Sun 02:30", "receiver": "ops", "timezone": "Europe/Berlin"}
    settings = DrillSettings.model_validate(values)
    before = datetime(2027, 3, 27, tzinfo=UTC)
    skipped = next_slot(settings, before)

    assert skipped == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert last_slot(settings, skipped) == skipped
    assert next_slot(settings, skipped) == datetime(2027, 4, 4, 0, 30, tzinfo=UTC)


WAITING, BUNDLED, SENT = (
    NotificationState.WAITING,
    NotificationState.BUNDLED,
    NotificationState.SENT,
)


@pytest.mark.parametrize(
    ("acknowledged", "states", "minutes", "expected"),
    [
        (None, [SENT], 9, None),
        (None, [SENT], 10, DrillOutcome.FAILED),
        (None, [], 10, DrillOutcome.FAILED),
        (2, [SENT], 3, DrillOutcome.PASSED),
        (2, [NotificationState.UNKNOWN], 3, DrillOutcome.PASSED),
        (2, [NotificationState.CANCELLED], 3, DrillOutcome.FAILED),
        (2, [BUNDLED], 3, None),
        (2, [WAITING, SENT], 3, DrillOutcome.PASSED),
        (2, [], 3, DrillOutcome.FAILED),
        (11, [SENT], 12, DrillOutcome.FAILED),
    ],
)
def test_the_outcome(
    acknowledged: int | None,
    states: list[NotificationState],
    minutes: int,
    expected: DrillOutcome | None,
) -> None:
    """Passed with an SMS that left and an acknowledgement in time; failed at the end."""
    at = None if acknowledged is None else AT + acknowledged * MINUTE
    drill = Drill(1, "D9X2P", "ops", "", AT, AT + 10 * MINUTE, acknowledged_at=at)

    assert find_outcome(drill, states, AT + minutes * MINUTE) is expected


async def test_a_person_who_resolves_it_has_answered(database_url: str) -> None:
    """Resolve instead of Acknowledge proves the same: somebody got the SMS."""
    async with bridge_bench(database_url, WEEKLY) as bench:
        control = make_control(bench)
        ref = await control.start("ops", ACTOR)
        await run(bench, control, seconds=15)
        await bench.act(str(ref), Action.RESOLVE, "U0NOURA")
        await run(bench, control, seconds=5)
        (drill,) = await control.store.latest(5)

    assert (drill.outcome, drill.acknowledged_by) == (DrillOutcome.PASSED, "U0NOURA")
