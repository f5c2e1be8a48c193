"""Steps go on by their times whatever the outcome of an SMS, and each text has its end."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.on_call.duty_roster import Override
from kwtsms_bot.bridge.silences.silence import TimeWindow
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.bridge.store.silences import NewSilence
from kwtsms_bot.database.tables import incident_event, notification
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_client.errors import rejection
from support.bridge_bench import FAHAD, NOURA, BridgeBench, alert, bridge_bench, ended
from support.database import ACTOR, AT

LEAD, SARA = "96551111111", "96552222222"
PHONEBOOK: dict[str, Any] = {
    "contacts": {
        "noura": f"+{NOURA}",
        "fahad": f"+{FAHAD}",
        "lead": f"+{LEAD}",
        "sara": f"+{SARA}",
    },
}
STEPS = [{"after": "5m", "to": ["fahad"]}, {"after": "10m", "to": ["lead"]}]
DUTY = {"people": ["noura"], "from": "2026-01-04 08:00", "every": "7d"}
MINUTE = 60
HOUR = timedelta(hours=1)


def bridge(**receiver: Any) -> dict[str, Any]:
    """The bridge with one receiver: Noura, then Fahad, then the lead."""
    steps = {"to": ["noura"], "escalate": STEPS, "repeat": {"times": 0}}
    return {
        "channel": "C0123ALERT",
        "integrations": {"scripts": {"kind": "native", "token": "demo-native-token"}},
        "oncall": {"ops": DUTY},
        "receivers": {"ops": steps | receiver},
    }


def phones(bench: BridgeBench) -> list[tuple[str, int]]:
    """The phones that were texted, and when, in whole minutes from the start."""
    return [(phone, (at - AT) // timedelta(minutes=1)) for at, phone, _ in bench.sent]


async def kinds(bench: BridgeBench) -> list[str]:
    """The events of incidents."""
    query = select(incident_event.c.kind).order_by(incident_event.c.id)
    async with bench.database.reading() as connection:
        return list((await connection.execute(query)).scalars())


async def rows(bench: BridgeBench) -> list[tuple[str, str, str | None]]:
    """The contacts of notifications, their states and reasons."""
    query = select(notification.c.contact, notification.c.state, notification.c.reason)
    async with bench.database.reading() as connection:
        return [
            (row.contact, row.state, row.reason)
            for row in await connection.execute(query.order_by(notification.c.id))
        ]


async def silence(bench: BridgeBench, lasts: timedelta, **conditions: str) -> str:
    """Silences what matches from now on; returns the silence's reference."""
    window = TimeWindow(bench.now, bench.now + lasts)
    matched = {key: (value,) for key, value in conditions.items()}
    return (
        await bench.silences.create(NewSilence(matched, None, window, False, ""), ACTOR)
    ).silence.ref


async def swap(bench: BridgeBench, person: str) -> None:
    """Another person is on call from now on."""
    end = bench.now + timedelta(days=7)
    bench.roster.set_overrides([Override("ops", person, bench.now, end)])


async def test_without_credits_steps_go_on_in_slack(database_url: str) -> None:
    """Scenario 23: ERR010 holds all SMS, the steps are taken, and each person gets one later."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        bench.refusal = rejection("ERR010")
        await bench.post(alert("disk"))
        await bench.advance(12 * MINUTE, step=30)
        away, events, waiting = phones(bench), await kinds(bench), await rows(bench)
        bench.refusal = None
        await bench.advance(35)
        await bench.advance(5 * MINUTE, step=15)

        assert away == []
        assert waiting == [(one, "bundled", "ERR010") for one in ("noura", "fahad", "lead")]
        assert events == ["opened", "escalated", "escalated"]
        assert sorted(phone for phone, _ in phones(bench)) == sorted([NOURA, FAHAD, LEAD])
        assert {state for _, state, _ in await rows(bench)} == {"sent"}


async def test_an_unknown_outcome_is_no_acknowledgement(database_url: str) -> None:
    """Scenario 25: the steps go on, and a person has the first one notified again, once."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        (result,) = await bench.post(alert("disk"))
        bench.outcome = Settlement(State.UNKNOWN, bench.now)
        await bench.advance(15, step=5)
        bench.outcome = None
        await bench.advance(6 * MINUTE, step=15)
        again = await bench.act(result.ref, Action.NOTIFY_AGAIN)
        await bench.advance(5 * MINUTE, step=15)
        await bench.answer_late()
        await bench.advance(MINUTE, step=15)

        assert again.done
        assert phones(bench) == [(NOURA, 0), (FAHAD, 5), (NOURA, 6), (LEAD, 10)]
        assert [state for _, state, _ in await rows(bench)] == ["sent"] * 4


async def test_of_two_acknowledgements_at_once_the_first_counts(database_url: str) -> None:
    """Scenario 28: the second person sees who was first."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        (result,) = await bench.post(alert("disk"))
        found = await asyncio.gather(
            *(bench.act(result.ref, Action.ACKNOWLEDGE, who) for who in ("U1", "U2"))
        )

        (first,) = (one for one in found if one.done)
        (second,) = (one for one in found if not one.done)
        assert first.by is None
        assert second.by in ("U1", "U2")


async def test_only_what_is_worse_is_texted_after_an_acknowledgement(database_url: str) -> None:
    """Scenario 29: a higher severity is texted; the same one isn't, and nothing escalates."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        (result,) = await bench.post(alert("disk", severity=AlertSeverity.ERROR))
        await bench.advance(15, step=5)
        await bench.act(result.ref, Action.ACKNOWLEDGE)
        await bench.advance(3 * MINUTE, step=30)
        (same,) = await bench.post(alert("disk", text="still", severity=AlertSeverity.ERROR))
        quiet = await bench.advance(3 * MINUTE, step=30)
        (worse,) = await bench.post(alert("disk", severity=AlertSeverity.CRITICAL))
        texts = await bench.advance(30 * MINUTE, step=30)

        assert (same.sms, quiet, worse.sms) == ("none", [], "due")
        assert [text.split()[0] for text in texts] == ["CRIT"]


async def test_a_removed_person_passes_the_step(database_url: str) -> None:
    """A contact is removed from the phone book before the SMS: the next one is texted at once."""
    async with bridge_bench(database_url, bridge(to=["oncall.ops"]), PHONEBOOK) as bench:
        await bench.post(alert("disk"))
        bench.people.pop("noura")
        await bench.advance(15, step=5)

        assert await rows(bench) == [("noura", "cancelled", "removed"), ("fahad", "sent", None)]
        assert phones(bench) == [(FAHAD, 0)]


async def test_another_notification_does_not_delay_a_step(database_url: str) -> None:
    """Fahad's number is refused; that Noura was notified again at the same time changes nothing."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        (result,) = await bench.post(alert("disk"))
        for _ in range(2):  # The second time is counted as 2, as Fahad's step is.
            bench.outcome = Settlement(State.UNKNOWN, bench.now)
            await bench.advance(130, step=10)
            bench.outcome = None
            await bench.act(result.ref, Action.NOTIFY_AGAIN)
        await bench.advance(30, step=10)
        bench.refused = {FAHAD}
        await bench.advance(30, step=10)

        assert phones(bench)[-1] == (LEAD, 5)


@pytest.mark.parametrize("on_call_again", [True, False])
async def test_all_who_were_on_call_get_the_end(database_url: str, *, on_call_again: bool) -> None:
    """With `resolved: sms`, all who were texted get the OK, whatever the schedule says by then."""
    steps = [{"after": "5m", "to": ["oncall.ops"]}]
    settings = bridge(escalate=steps, resolved="sms")
    async with bridge_bench(database_url, settings, PHONEBOOK) as bench:
        await bench.post(alert("disk"))
        await bench.advance(4 * MINUTE, step=15)
        await swap(bench, "sara")
        await bench.advance(2 * MINUTE, step=15)
        await swap(bench, "noura" if on_call_again else "fahad")
        await bench.post(ended("disk"))
        await bench.advance(3 * MINUTE, step=15)

        texted = sorted(phone for _, phone, text in bench.sent if text.startswith("OK"))
        assert texted == sorted([NOURA, SARA])


async def test_each_text_has_one_end(database_url: str) -> None:
    """An alert that fires again for a moment isn't texted, and neither is its end."""
    settings = bridge(escalate=[], resolved="sms")
    async with bridge_bench(database_url, settings, PHONEBOOK) as bench:
        await bench.post(alert("disk"))
        await bench.advance(15, step=5)
        await bench.post(ended("disk"))
        await bench.advance(3 * MINUTE, step=15)
        await bench.post(alert("disk"))
        await bench.advance(MINUTE, step=15)
        await bench.post(ended("disk"))
        await bench.advance(10 * MINUTE, step=15)

        assert [text.split()[0] for _, _, text in bench.sent] == ["ERR", "OK"]


async def test_a_refused_number_passes_the_step_after_a_silence(database_url: str) -> None:
    """At the end of a silence step 1 is due again: if it reaches nobody, the next one is due."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        await bench.post(alert("disk", labels={"site": "ahmadi"}))
        await bench.advance(6 * MINUTE, step=30)
        await silence(bench, timedelta(minutes=10), site="ahmadi")
        bench.refused = {NOURA}
        await bench.advance(11 * MINUTE, step=10)

        assert phones(bench) == [(NOURA, 0), (FAHAD, 5), (FAHAD, 16)]


async def test_two_silences_mute_an_incident(database_url: str) -> None:
    """Each mutes one of its alerts; what is silenced less long is texted at its own end."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        await silence(bench, 2 * HOUR, site="ahmadi")
        first, second = await bench.post(
            alert("a", group="g", labels={"site": "fahaheel"}),
            alert("b", group="g", labels={"site": "ahmadi"}),
        )
        await silence(bench, HOUR, site="fahaheel")
        during = await bench.advance(59 * MINUTE, step=30)
        after = await bench.advance(2 * MINUTE, step=15)

        assert (first.ref, second.why) == (second.ref, "silenced")
        assert during == []
        assert [text.startswith("ERR a is down") for text in after] == [True]


async def test_a_silence_keeps_the_clock_of_a_withdrawn_acknowledgement(database_url: str) -> None:
    """Nothing is due in a silence: the steps begin at its end, with the first one."""
    async with bridge_bench(database_url, bridge(), PHONEBOOK) as bench:
        (result,) = await bench.post(alert("disk", labels={"site": "ahmadi"}))
        await bench.advance(15, step=5)
        await bench.act(result.ref, Action.ACKNOWLEDGE)
        await silence(bench, timedelta(minutes=10), site="ahmadi")
        await bench.advance(8 * MINUTE, step=15)
        await bench.act(result.ref, Action.UNACKNOWLEDGE)
        await bench.advance(8 * MINUTE, step=15)

        assert phones(bench) == [(NOURA, 0), (NOURA, 10), (FAHAD, 15)]
