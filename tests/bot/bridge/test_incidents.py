"""Alerts become incidents, and incidents become as few messages as possible."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.bridge.episodes import AlertOutcome
from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.outbox.flow_control.circuit_breaker import FAILURE_THRESHOLD, ResponseKind
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.quota.admission import day_of
from kwtsms_bot.outbox.quota.limits import Allowance
from kwtsms_bot.outbox.quota.usage_store import spent_on
from kwtsms_bot.outbox.states import State
from support.bridge_bench import BRIDGE, FAHAD, LEASE, NOURA, alert, bridge_bench, ended
from support.database import ACTOR, AT, new_message, set_clock


async def test_an_alert_is_sent_once_it_has_settled(database_url: str) -> None:
    """Five seconds after the alert, its person gets one text, which says what is wrong first."""
    async with bridge_bench(database_url) as bench:
        (result,) = await bench.post(alert("disk", "/var on db01 is 96% full", where="db01"))
        too_early = await bench.advance(4)
        (text,) = await bench.advance(10)

        assert (result.outcome, result.sms) == (AlertOutcome.NEW, "due")
        assert too_early == []
        assert text.startswith("ERR /var on db01 is 96% full")
        assert text.endswith(str(result.ref))


async def test_a_repeat_is_not_sent(database_url: str) -> None:
    """A second Alertmanager sends the same alert again, which changes nothing."""
    async with bridge_bench(database_url) as bench:
        (first,) = await bench.post(alert("disk"))
        (second,) = await bench.post(alert("disk"))
        texts = await bench.advance(300, step=5)

        assert (second.outcome, second.ref, second.why) == (
            AlertOutcome.REPEAT,
            first.ref,
            "repeat",
        )
        assert len(texts) == 1


async def test_an_alert_that_ends_at_once_is_not_sent(database_url: str) -> None:
    """An alert that ends within five seconds costs nothing."""
    async with bridge_bench(database_url) as bench:
        await bench.post(alert("disk"))
        (result,) = await bench.post(ended("disk"))

        assert await bench.advance(300, step=5) == []
        assert result.outcome is AlertOutcome.RESOLVED
        assert await bench.states() == ["not_needed"]


async def test_a_thousand_alerts_cost_two_messages(database_url: str) -> None:
    """A storm of ten seconds is sent in two texts, whose numbers add up."""
    async with bridge_bench(database_url) as bench:
        refs = set()
        for second in range(10):
            results = await bench.post(*(alert(f"host-{second}-{n}") for n in range(100)))
            refs |= {one.ref for one in results}
            await bench.advance(1)
        texts = await bench.advance(300, step=5)
        sent = [text for _, _, text in bench.sent]

        assert len(sent) == 2
        assert len(texts) == 1
        assert await bench.counted() == 1_000
        assert len(refs) == 11


async def test_a_thousand_alerts_in_an_hour_cost_twelve_at_most(tmp_path: Path) -> None:
    """A phone gets twelve messages in an hour at most; the texts still count every alert."""
    async with bridge_bench(tmp_path) as bench:
        for minute in range(60):
            await bench.post(*(alert(f"host-{minute}-{n}") for n in range(17)))
            await bench.advance(60, step=10)
        within_the_hour = len(bench.sent)
        await bench.advance(900, step=60)

        assert within_the_hour <= 12
        assert await bench.counted() == 60 * 17


async def test_an_acknowledgement_ends_it(database_url: str) -> None:
    """Nothing of an incident leaves once somebody has taken it; the others still do."""
    async with bridge_bench(database_url) as bench:
        (first,) = await bench.post(alert("disk"))
        await bench.post(alert("fan"))
        bench.reachable = False
        await bench.advance(6)
        bench.reachable = True
        done = await bench.act(first.ref, Action.ACKNOWLEDGE)
        (text,) = await bench.advance(60, step=5)

        assert done.done
        assert "fan is down" in text
        assert "disk" not in text


async def test_the_first_acknowledgement_counts(database_url: str) -> None:
    """The second person learns who was faster."""
    async with bridge_bench(database_url) as bench:
        (alerted,) = await bench.post(alert("disk"))
        first = await bench.act(alerted.ref, Action.ACKNOWLEDGE, "U1")
        second = await bench.act(alerted.ref, Action.ACKNOWLEDGE, "U2")

        assert first.done
        assert (second.done, second.by) == (False, "U1")


async def test_each_try_has_the_text_of_its_moment(tmp_path: Path) -> None:
    """Once kwtSMS is back, one text names what still fires, and nothing that is over."""
    async with bridge_bench(tmp_path) as bench:
        bench.reachable = False
        await bench.post(*(alert(f"host-{n}") for n in range(4)))
        await bench.advance(120, step=5)
        await bench.post(*(ended(f"host-{n}") for n in range(3)))
        await bench.advance(60, step=5)
        bench.reachable = True
        texts = await bench.advance(35)

        assert len(texts) == 1
        assert "host-3" in texts[0]
        assert "more" not in texts[0]


async def test_what_got_worse_is_sent_though_it_is_acknowledged(database_url: str) -> None:
    """An acknowledgement covers the severity that it had then, and no more."""
    async with bridge_bench(database_url) as bench:
        (first,) = await bench.post(alert("disk", severity=AlertSeverity.ERROR))
        await bench.advance(10)
        await bench.act(first.ref, Action.ACKNOWLEDGE)
        (same,) = await bench.post(alert("disk", severity=AlertSeverity.ERROR))
        (worse,) = await bench.post(alert("disk", severity=AlertSeverity.CRITICAL))
        texts = await bench.advance(60, step=5)

        assert (same.sms, worse.sms) == ("none", "due")
        assert len(texts) == 1
        assert texts[0].startswith("CRIT")


async def test_flapping_costs_three_messages_an_hour(tmp_path: Path) -> None:
    """An alert that comes and goes every half minute is sent, and then sent as flapping."""
    async with bridge_bench(tmp_path) as bench:
        for _ in range(60):
            await bench.post(alert("line", severity=AlertSeverity.CRITICAL))
            await bench.advance(30, step=10)
            await bench.post(ended("line"))
            await bench.advance(30, step=10)
        flapping = len(bench.sent)
        await bench.post(alert("line", severity=AlertSeverity.CRITICAL))
        await bench.advance(140, step=5)

        assert flapping <= 3
        assert any("FLAPPING" in text for _, _, text in bench.sent)
        assert len(bench.sent) == flapping + 1


@pytest.mark.parametrize(
    ("receiver", "expected"), [({"to": ["noura"]}, 0), ({"to": ["noura"], "resolved": "sms"}, 1)]
)
async def test_the_end_is_sent_where_it_is_wanted(
    database_url: str, receiver: dict[str, Any], expected: int
) -> None:
    """With `resolved: sms`, those who were texted hear of the end."""
    async with bridge_bench(database_url, BRIDGE | {"receivers": {"ops": receiver}}) as bench:
        await bench.post(alert("disk"))
        await bench.advance(10)
        await bench.post(ended("disk"))

        assert len(await bench.advance(180, step=5)) == expected


async def test_each_press_of_a_test_button_rings(tmp_path: Path) -> None:
    """Two tests at once are two incidents and two messages, and close by themselves."""
    async with bridge_bench(tmp_path) as bench:
        (first,) = await bench.post(alert("test", "It works", test=True))
        (second,) = await bench.post(alert("test", "It works", test=True))
        texts = await bench.advance(240, step=5)
        await bench.advance(600, step=60)
        again = await bench.act(first.ref, Action.ACKNOWLEDGE)

        assert first.ref != second.ref
        assert [one.partition(" ")[0] for one in texts] == ["TEST", "TEST"]
        assert not again.done


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"group": "rack-1"}, 1),
        ({}, 3),
    ],
)
async def test_a_group_is_one_incident(
    database_url: str, change: dict[str, Any], expected: int
) -> None:
    """Only alerts of one group share an incident; each text counts all of them."""
    async with bridge_bench(database_url) as bench:
        results = await bench.post(*(alert(f"host-{n}", **change) for n in range(3)))
        (text,) = await bench.advance(10)

        assert len({one.ref for one in results}) == expected
        assert "+2 more" in text


async def test_a_new_kind_of_alert_is_not_covered_by_an_acknowledgement(database_url: str) -> None:
    """An acknowledgement covers the kinds that the incident had; another kind is a new incident."""
    async with bridge_bench(database_url) as bench:
        (first,) = await bench.post(alert("a", kind="DiskFull", group="db"))
        await bench.advance(10)
        await bench.act(first.ref, Action.ACKNOWLEDGE)
        (same,) = await bench.post(alert("b", kind="DiskFull", group="db"))
        (other,) = await bench.post(alert("c", kind="NodeDown", group="db"))
        (text,) = await bench.advance(180, step=5)

        assert (same.ref, same.sms, same.why) == (first.ref, "none", "acknowledged")
        assert other.ref != first.ref
        assert "c is down" in text


async def test_an_early_end_closes_a_late_firing(database_url: str) -> None:
    """An end that comes before its beginning closes it, by the tool's own times."""
    begun, end_time = AT - timedelta(minutes=5), AT - timedelta(minutes=1)
    async with bridge_bench(database_url) as bench:
        (end,) = await bench.post(ended("disk", started_at=begun, ended_at=end_time))
        (late,) = await bench.post(alert("disk", started_at=begun))
        texts = await bench.advance(60, step=5)

        assert end.outcome is AlertOutcome.RESOLVED
        assert late.outcome is AlertOutcome.IGNORED
        assert texts == []


async def test_what_waits_while_sending_is_paused_is_sent_once(database_url: str) -> None:
    """A pause keeps alerts waiting; after it one text has what still fires."""
    async with bridge_bench(database_url) as bench:
        await bench.outbox.kill_switch.pause("maintenance", bench.now, ACTOR)
        (one,) = await bench.post(alert("one"))
        await bench.post(alert("two"))
        await bench.advance(30, step=5)
        await bench.post(ended("two"))
        await bench.outbox.kill_switch.resume(bench.now, ACTOR)
        (text,) = await bench.advance(10)

        assert (one.sms, one.why) == ("held", "paused")
        assert "one is down" in text
        assert "more" not in text


async def test_the_credits_of_a_day_are_the_bridges_own(tmp_path: Path) -> None:
    """Once they are used up only critical alerts are sent; people's credits are not touched."""
    bridge = BRIDGE | {"credits_per_day": 1}
    async with bridge_bench(tmp_path, bridge) as bench:
        await bench.post(alert("first"))
        await bench.advance(10)
        await bench.post(alert("second"))
        none = await bench.advance(180, step=5)
        await bench.post(alert("third", severity=AlertSeverity.CRITICAL))
        (text,) = await bench.advance(180, step=5)
        async with bench.database.reading() as connection:
            people = await spent_on(connection, day_of(bench.now))

        assert none == []
        assert text.startswith("CRIT third is down")
        assert people == 0


async def test_alerts_that_come_while_kwtsms_is_away_are_in_the_next_try(tmp_path: Path) -> None:
    """A message that could not leave is rendered again, with what has come since."""
    async with bridge_bench(tmp_path) as bench:
        bench.reachable = False
        await bench.post(alert("one"))
        await bench.advance(60, step=5)
        await bench.post(alert("two"))
        await bench.advance(30)
        bench.reachable = True
        (text,) = await bench.advance(35)

        assert "+1 more" in text
        assert await bench.counted() == 2


async def test_a_half_open_circuit_breaker_gets_one_message(tmp_path: Path) -> None:
    """The phone with the worst alert is the trial; the others wait for its answer."""
    phones = {"noura": f"+{NOURA}", "fahad": f"+{FAHAD}"}
    bridge = BRIDGE | {
        "receivers": {"ops": {"to": ["noura"]}, "net": {"to": ["fahad"]}},
        "routes": [{"when": {"severity": "critical"}, "to": "net"}, {"to": "ops"}],
    }
    async with bridge_bench(tmp_path, bridge, {"contacts": phones}) as bench:
        for _ in range(FAILURE_THRESHOLD):
            await bench.outbox.breaker.record_response(ResponseKind.UNREADABLE, trial=False)
        await bench.outbox.breaker.record_probe(answered=True)
        await bench.post(alert("error"), alert("worst", severity=AlertSeverity.CRITICAL))
        bench.now += timedelta(seconds=6)
        set_clock(bench.database, bench.now)
        await bench.bundles.run_pass()
        messages = await bench.messages()

        assert [text.split()[0] for text, _ in messages] == ["CRIT"]
        assert sorted(await bench.states()) == ["bundled", "waiting"]


async def test_a_late_answer_makes_an_unknown_notification_sent(database_url: str) -> None:
    """An unknown outcome is not repeated, and becomes known when its answer comes."""
    async with bridge_bench(database_url) as bench:
        await bench.post(alert("disk"))
        bench.now += timedelta(seconds=6)
        set_clock(bench.database, bench.now)
        await bench.bundles.run_pass()
        call = await bench.outbox.claims.claim("bench", LEASE, bench.now)
        assert call
        await bench.outbox.settlements.put_in_flight(call, LEASE, bench.now)
        await bench.settle(call, Settlement(State.UNKNOWN, bench.now, reason="lost"))
        await bench.bundles.run_pass()
        unknown = await bench.states()
        await bench.outbox.settlements.settle(call, Settlement(State.SENT, bench.now), bench.now)
        await bench.advance(200, step=20)

        assert unknown == ["unknown"]
        assert await bench.states() == ["sent"]
        assert len(bench.sent) == 1


async def test_alerts_lock_nobody_out_of_a_number(database_url: str) -> None:
    """Messages about alerts don't count for what people may send to the same number."""
    async with bridge_bench(database_url) as bench:
        await bench.post(alert("disk"))
        await bench.advance(10)
        limit = Allowance(per_number_per_hour=1)
        accepted = await bench.outbox.intake.accept(new_message(NOURA), bench.now, limit)

        assert accepted.fresh
