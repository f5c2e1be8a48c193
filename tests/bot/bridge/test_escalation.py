"""While nobody acknowledges, the next people are texted: each step once, and at its time."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.on_call.duty_roster import Override
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.database.tables import incident, incident_event
from kwtsms_bot.outbox.flow_control.kill_switch import KillSwitch
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from support.bridge_bench import (
    FAHAD,
    NOURA,
    BridgeBench,
    alert,
    bridge_bench,
    ended,
)
from support.database import ACTOR, AT

LEAD = "96551111111"
PHONEBOOK: dict[str, Any] = {
    "contacts": {"noura": f"+{NOURA}", "fahad": f"+{FAHAD}", "lead": f"+{LEAD}"},
    "groups": {"leads": ["lead"]},
}
STEPS = [{"after": "5m", "to": ["fahad"]}, {"after": "10m", "to": ["leads"]}]
MINUTE = 60


def bridge(**receiver: Any) -> dict[str, Any]:
    """The bridge with one receiver: Noura, then Fahad, then the lead."""
    schedules = receiver.pop("oncall", {})
    return {
        "channel": "C0123ALERT",
        "integrations": {"scripts": {"kind": "native", "token": "demo-native-token"}},
        "oncall": schedules,
        "receivers": {
            "ops": {"to": ["noura"], "escalate": STEPS, "repeat": {"times": 0}} | receiver
        },
    }


def nobody_on_call(**changes: Any) -> dict[str, Any]:
    """A schedule by which nobody is on call at the time of these tests."""
    hours = {"from": "2026-01-04 08:00", "every": "7d", "hours": "02:00-03:00"}
    return {"people": ["fahad"]} | hours | changes


async def history(bench: BridgeBench) -> list[tuple[str, str]]:
    """Returns the events of incidents, with details."""
    query = select(incident_event.c.kind, incident_event.c.detail).order_by(incident_event.c.id)
    async with bench.database.reading() as connection:
        return [(row.kind, row.detail) for row in await connection.execute(query)]


def phones(bench: BridgeBench) -> list[tuple[str, int]]:
    """The phones that were texted, and when, in whole minutes from the start."""
    return [(phone, (at - AT) // timedelta(minutes=1)) for at, phone, _ in bench.sent]


async def test_each_step_is_due_once_at_its_time(database_url: str) -> None:
    """Fahad is texted after 5 minutes and the lead after 10, counted from the alert."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        await bench.post(alert("disk", "/var on db01 is full"))
        await bench.advance(40 * MINUTE, step=15)

        assert phones(bench) == [(NOURA, 0), (FAHAD, 5), (LEAD, 10)]
        assert bench.sent[0][2].startswith("ERR /var")
        assert bench.sent[1][2].startswith("2ND ERR /var")
        assert await history(bench) == [
            ("opened", ""),
            ("escalated", "fahad"),
            ("escalated", "lead"),
            ("unanswered", ""),
        ]


@pytest.mark.parametrize("action", [Action.ACKNOWLEDGE, Action.RESOLVE])
async def test_an_action_stops_the_steps(database_url: str, action: Action) -> None:
    """Once somebody takes or resolves it, nobody else is texted."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        (result,) = await bench.post(alert("disk"))
        await bench.advance(6 * MINUTE, step=15)
        await bench.act(result.ref, action)
        await bench.advance(40 * MINUTE, step=60)

        assert phones(bench) == [(NOURA, 0), (FAHAD, 5)]


async def test_an_acknowledgement_cancels_a_queued_step(database_url: str) -> None:
    """A step that waits for kwtSMS is cancelled in the transaction that records who took it."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        (result,) = await bench.post(alert("disk"))
        await bench.advance(15, step=5)
        bench.reachable = False
        await bench.advance(5 * MINUTE, step=15)
        await bench.act(result.ref, Action.ACKNOWLEDGE)
        bench.reachable = True
        await bench.advance(20 * MINUTE, step=30)

        assert phones(bench) == [(NOURA, 0)]
        assert await bench.states() == ["sent", "cancelled"]


async def test_the_last_step_is_repeated(database_url: str) -> None:
    """`repeat` texts the last step again, and then the channel hears that nobody took it."""
    repeated = bridge(repeat={"every": "15m", "times": 2})
    async with bridge_bench(database_url, repeated, PHONEBOOK) as bench:
        await bench.post(alert("disk"))
        await bench.advance(54 * MINUTE, step=30)
        before = await history(bench)
        await bench.advance(60 * MINUTE, step=60)

        assert phones(bench) == [(NOURA, 0), (FAHAD, 5), (LEAD, 10), (LEAD, 25), (LEAD, 40)]
        assert before[-1] == ("repeated", "lead")
        assert (await history(bench))[len(before) :] == [("unanswered", "")]


async def test_steps_are_not_repeated_without_being_asked(database_url: str) -> None:
    """A receiver without `escalate` texts its people once, as always."""
    async with bridge_bench(database_url, bridge(escalate=[]), PHONEBOOK) as bench:
        await bench.post(alert("disk"))
        await bench.advance(120 * MINUTE, step=60)

        assert phones(bench) == [(NOURA, 1)]
        assert await history(bench) == [("opened", "")]


async def test_an_unknown_first_step_leaves_the_next_one(database_url: str) -> None:
    """Noura may have been texted: Fahad is, all the same, and Noura isn't texted twice."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        await bench.post(alert("disk"))
        bench.outcome = Settlement(State.UNKNOWN, bench.now)
        await bench.advance(15, step=5)
        bench.outcome = None
        await bench.advance(6 * MINUTE, step=15)

        assert await bench.states() == ["unknown", "sent"]
        assert phones(bench) == [(NOURA, 0), (FAHAD, 5)]


async def test_notify_again_sends_a_new_text_once(database_url: str) -> None:
    """The SMS that may have been sent counts as sent, and the same person gets a fresh text."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        (result,) = await bench.post(alert("disk"))
        bench.outcome = Settlement(State.UNKNOWN, bench.now)
        await bench.advance(15, step=5)
        bench.outcome = None
        await bench.act(result.ref, Action.NOTIFY_AGAIN)
        await bench.advance(150, step=15)
        await bench.act(result.ref, Action.NOTIFY_AGAIN)
        await bench.advance(120, step=15)

        assert await bench.states() == ["sent", "sent"]
        assert phones(bench) == [(NOURA, 0), (NOURA, 2)]


async def test_steps_go_on_in_slack_while_sending_is_paused(database_url: str) -> None:
    """Without credits nothing leaves: the history grows, and the rows wait for what comes first."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        switch = KillSwitch(bench.database)
        await switch.pause("", bench.now, ACTOR)
        await bench.post(alert("disk"))
        await bench.advance(11 * MINUTE, step=15)
        early, waiting = phones(bench), await bench.states()
        events = await history(bench)
        await switch.resume(bench.now, ACTOR)
        await bench.advance(30, step=5)

        assert (early, waiting) == ([], ["waiting"] * 3)
        assert events == [("opened", ""), ("escalated", "fahad"), ("escalated", "lead")]
        assert sorted(phones(bench)) == [(LEAD, 11), (FAHAD, 11), (NOURA, 11)]


async def test_an_empty_step_is_passed_at_once(database_url: str) -> None:
    """A schedule with nobody on call costs no time: the lead is texted in its place."""
    steps = [{"after": "5m", "to": ["oncall.net"]}, {"after": "10m", "to": ["lead"]}]
    settings = bridge(escalate=steps, oncall={"net": nobody_on_call()})
    async with bridge_bench(database_url, settings, PHONEBOOK) as bench:
        await bench.post(alert("disk"))
        await bench.advance(20 * MINUTE, step=15)

        assert phones(bench) == [(NOURA, 0), (LEAD, 5)]
        assert (await history(bench))[1:3] == [("step_passed", ""), ("escalated", "lead")]


async def test_an_empty_first_step_is_passed_at_once(database_url: str) -> None:
    """If nobody is on call when the alert comes, the next step is due within seconds."""
    settings = bridge(to=["oncall.net"], oncall={"net": nobody_on_call()})
    async with bridge_bench(database_url, settings, PHONEBOOK) as bench:
        await bench.post(alert("disk"))
        await bench.advance(12 * MINUTE, step=15)

        assert phones(bench) == [(FAHAD, 0), (LEAD, 10)]


async def test_the_fallback_is_on_call_when_nobody_is(database_url: str) -> None:
    """A schedule's fallback gets the alert, and then the next step is at its time."""
    schedule = nobody_on_call(fallback="lead")
    settings = bridge(to=["oncall.net"], oncall={"net": schedule})
    async with bridge_bench(database_url, settings, PHONEBOOK) as bench:
        await bench.post(alert("disk"))
        await bench.advance(6 * MINUTE, step=15)

        assert phones(bench) == [(LEAD, 0), (FAHAD, 5)]


async def test_the_channel_is_notified_if_nobody_is_reached(database_url: str) -> None:
    """All steps are empty: the history says so at once, and nothing is repeated."""
    steps = [{"after": "5m", "to": ["oncall.net"]}]
    settings = bridge(to=["oncall.net"], escalate=steps, oncall={"net": nobody_on_call()})
    async with bridge_bench(database_url, settings, PHONEBOOK) as bench:
        await bench.post(alert("disk"))
        await bench.advance(60, step=15)

        assert phones(bench) == []
        assert (await history(bench))[1:] == [("step_passed", ""), ("unreachable", "")]


async def test_a_refused_number_passes_the_step(database_url: str) -> None:
    """KwtSMS refuses Noura's number: Fahad needn't wait for five minutes."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        await bench.post(alert("disk"))
        bench.outcome = Settlement(State.REJECTED, bench.now, code="ERR006")
        await bench.advance(6, step=1)
        bench.outcome = None
        await bench.advance(10, step=1)

        assert phones(bench) == [(FAHAD, 0)]


async def test_a_handover_counts_when_the_step_comes_due(database_url: str) -> None:
    """An override that has begun by the step's time counts."""
    settings = bridge(
        escalate=[{"after": "5m", "to": ["oncall.net"]}],
        oncall={"net": nobody_on_call(fallback="fahad")},
    )
    async with bridge_bench(database_url, settings, PHONEBOOK) as bench:
        await bench.post(alert("disk"))
        begins = AT + timedelta(minutes=4)
        bench.roster.set_overrides([Override("net", "lead", begins, begins + timedelta(hours=1))])
        await bench.advance(6 * MINUTE, step=15)

        assert phones(bench) == [(NOURA, 0), (LEAD, 5)]


async def test_an_acknowledgement_that_is_withdrawn_restarts_the_clock(database_url: str) -> None:
    """The steps begin again, counted from then; nobody is texted for the withdrawal itself."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        (result,) = await bench.post(alert("disk"))
        await bench.advance(7 * MINUTE, step=15)
        await bench.act(result.ref, Action.ACKNOWLEDGE)
        await bench.advance(13 * MINUTE, step=60)
        await bench.act(result.ref, Action.UNACKNOWLEDGE)
        await bench.advance(20 * MINUTE, step=15)

        assert phones(bench) == [(NOURA, 0), (FAHAD, 5), (FAHAD, 25), (LEAD, 30)]


async def test_one_person_in_several_steps_gets_one_message(database_url: str) -> None:
    """A step joins the message that waits for the same phone, and gives it its word."""
    steps = [{"after": "1m", "to": ["noura"]}]
    async with bridge_bench(database_url, bridge(escalate=steps), PHONEBOOK) as bench:
        switch = KillSwitch(bench.database)
        await switch.pause("", bench.now, ACTOR)
        await bench.post(alert("disk"))
        await bench.advance(90, step=5)
        await switch.resume(bench.now, ACTOR)
        await bench.advance(10 * MINUTE, step=5)

        ((_, phone, text),) = bench.sent
        assert phone == NOURA
        assert text.startswith("2ND ERR disk")
        assert await bench.counted() == 1


async def test_what_is_below_sms_from_has_no_steps(database_url: str) -> None:
    """A warning escalates to nobody; once it is an error, the clock starts."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        await bench.post(alert("disk", severity=AlertSeverity.WARNING))
        await bench.advance(10 * MINUTE, step=60)
        before = phones(bench)
        await bench.post(alert("disk", severity=AlertSeverity.ERROR))
        await bench.advance(6 * MINUTE, step=15)

        assert before == []
        assert phones(bench) == [(NOURA, 10), (FAHAD, 15)]


async def test_tests_are_not_escalated(database_url: str) -> None:
    """A test alert is sent to step 1, and to nobody else."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        await bench.post(alert("t", test=True))
        await bench.advance(12 * MINUTE, step=15)

        assert phones(bench) == [(NOURA, 0)]


async def test_a_storm_escalates_as_one(database_url: str) -> None:
    """Of many alerts at once, the next person gets as few texts as the first."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        await bench.post(*(alert(f"host-{n}") for n in range(40)))
        await bench.advance(6 * MINUTE, step=15)

        assert phones(bench) == [(NOURA, 0), (FAHAD, 5)]
        assert "40 alerts" in bench.sent[1][2]


async def test_the_end_stops_the_steps(database_url: str) -> None:
    """The tool says that it is over: nobody else is texted."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        await bench.post(alert("disk"))
        await bench.advance(2 * MINUTE, step=15)
        await bench.post(ended("disk"))
        await bench.advance(20 * MINUTE, step=60)

        assert phones(bench) == [(NOURA, 0)]


async def test_all_texted_people_get_the_end(database_url: str) -> None:
    """With `resolved: sms`, the OK goes to those of later steps, too, and to nobody else."""
    async with bridge_bench(database_url, bridge(resolved="sms"), PHONEBOOK) as bench:
        await bench.post(alert("disk"))
        await bench.advance(6 * MINUTE, step=15)
        await bench.post(ended("disk"))
        await bench.advance(3 * MINUTE, step=15)

        texted = sorted(phone for _, phone, text in bench.sent if text.startswith("OK"))
        assert texted == sorted([NOURA, FAHAD])


async def test_the_person_who_acknowledged_is_texted_when_it_gets_worse(database_url: str) -> None:
    """Fahad has it: a higher severity goes to step 1 and to Fahad, and escalates to nobody."""
    fahad = {"number": f"+{FAHAD}", "slack": "U0FAHAD"}
    phonebook = {
        "contacts": {**PHONEBOOK["contacts"], "fahad": fahad},
        "groups": {"leads": ["lead"]},
    }
    async with bridge_bench(database_url, bridge(), phonebook) as bench:
        (result,) = await bench.post(alert("disk"))
        await bench.advance(15, step=5)
        await bench.act(result.ref, Action.ACKNOWLEDGE, "U0FAHAD")
        await bench.advance(3 * MINUTE, step=30)
        await bench.post(alert("disk", severity=AlertSeverity.CRITICAL))
        await bench.advance(20 * MINUTE, step=30)

        assert sorted(phones(bench)) == sorted([(NOURA, 0), (NOURA, 3), (FAHAD, 3)])


async def test_slack_is_reminded_of_an_acknowledgement_a_day_later(database_url: str) -> None:
    """An acknowledgement never lapses: after each day, the thread says that it still fires."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        (result,) = await bench.post(alert("disk"))
        await bench.advance(15, step=5)
        await bench.act(result.ref, Action.ACKNOWLEDGE)
        await bench.advance(49 * 60 * MINUTE, step=30 * MINUTE)

        kinds = [kind for kind, _ in await history(bench)]
        assert kinds == ["opened", "acknowledged", "reminder", "reminder"]
        assert phones(bench) == [(NOURA, 0)]


async def test_a_standstill_keeps_the_steps_apart(database_url: str) -> None:
    """After an hour without the bot, one step is taken at once, and the next 5 minutes later."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        await bench.post(alert("disk"))
        await bench.advance(15, step=5)
        await bench.advance(60 * MINUTE, step=60 * MINUTE)
        await bench.advance(7 * MINUTE, step=15)

        assert phones(bench) == [(NOURA, 0), (FAHAD, 60), (LEAD, 65)]


async def test_a_pass_that_dies_changes_no_step(database_url: str) -> None:
    """A connection that is lost in a pass leaves the step due: the next pass takes it once."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        await bench.post(alert("disk"))
        await bench.advance(4 * MINUTE + 50, step=10)
        bench.now += timedelta(seconds=15)
        await bench.break_pass()
        query = select(incident.c.step, incident.c.step_due_at)
        async with bench.database.reading() as connection:
            (step, _), *_ = await connection.execute(query)
        await bench.advance(30, step=5)

        assert step == 1
        assert phones(bench) == [(NOURA, 0), (FAHAD, 5)]
