"""While kwtSMS can't take messages, alerts wait; afterwards one text says what still fires."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.store.actions import Action
from kwtsms_bot.outbox.flow_control.circuit_breaker import FAILURE_THRESHOLD, ResponseKind
from kwtsms_bot.outbox.states import State
from kwtsms_client.errors import rejection
from support.bridge_bench import BRIDGE, FAHAD, NOURA, BridgeBench, alert, bridge_bench, ended
from support.database import ACTOR

TWO_PEOPLE = BRIDGE | {"receivers": {"ops": {"to": ["noura", "fahad"]}}}
ALL, RESOLVED = 40, 30
OUTAGE = 30 * 60
RETURN = 35  # Seconds, by which everybody has heard.
Step = Callable[[BridgeBench], Awaitable[None]]


async def lose_connection(bench: BridgeBench) -> None:
    """KwtSMS refuses connections."""
    bench.reachable = False


async def connect(bench: BridgeBench) -> None:
    """KwtSMS can be reached again."""
    bench.reachable = True


async def pause(bench: BridgeBench) -> None:
    """An admin pauses all sending."""
    await bench.outbox.kill_switch.pause("maintenance", bench.now, ACTOR)


async def resume(bench: BridgeBench) -> None:
    """An admin resumes it."""
    await bench.outbox.kill_switch.resume(bench.now, ACTOR)


async def open_breaker(bench: BridgeBench) -> None:
    """No answer can be read, three times in a row."""
    for _ in range(FAILURE_THRESHOLD):
        await bench.outbox.breaker.record_response(ResponseKind.UNREADABLE, trial=False)


async def answer_probe(bench: BridgeBench) -> None:
    """A probe is answered: the next message is the trial."""
    await bench.outbox.breaker.record_probe(answered=True)


async def run_out_of_credits(bench: BridgeBench) -> None:
    """KwtSMS refuses each message with ERR010."""
    bench.refusal = rejection("ERR010")


async def buy_credits(bench: BridgeBench) -> None:
    """The account has credits again."""
    bench.refusal = None


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        pytest.param(lose_connection, connect, id="no connection"),
        pytest.param(pause, resume, id="paused"),
        pytest.param(open_breaker, answer_probe, id="unreadable answers"),
        pytest.param(run_out_of_credits, buy_credits, id="no credits"),
    ],
)
async def test_after_an_outage_everybody_gets_one_text(
    database_url: str, begin: Step, end: Step
) -> None:
    """Of 40 alerts 30 are over: within 35 seconds one text names only what still fires."""
    async with bridge_bench(database_url, TWO_PEOPLE) as bench:
        await begin(bench)
        await bench.post(*(alert(f"host-{n}", f"host-{n} is down") for n in range(ALL)))
        await bench.advance(OUTAGE // 2, step=30)
        await bench.post(*(ended(f"host-{n}") for n in range(RESOLVED)))
        away = await bench.advance(OUTAGE // 2, step=30)
        await end(bench)
        texts = await bench.advance(RETURN)
        quiet = await bench.advance(300, step=30)

        assert (away, quiet) == ([], [])
        assert sorted(phone for _, phone, _ in bench.sent) == sorted([NOURA, FAHAD])
        assert hosts(texts) <= set(range(RESOLVED, ALL))
        assert await bench.counted() == 2 * (ALL - RESOLVED)


def hosts(texts: list[str]) -> set[int]:
    """The numbers of the hosts that texts name."""
    return {int(found) for text in texts for found in re.findall(r"host-(\d+)", text)}


@pytest.mark.parametrize("begin", [lose_connection, run_out_of_credits])
async def test_an_acknowledged_alert_leaves_the_bundle(tmp_path: Any, begin: Step) -> None:
    """The bundle waits for its retry: what somebody takes now isn't texted, the rest is."""
    async with bridge_bench(tmp_path) as bench:
        await begin(bench)
        first, second, third = await bench.post(alert("disk"), alert("fan"), alert("line"))
        await bench.advance(60, step=5)
        done = await bench.act(first.ref, Action.ACKNOWLEDGE)
        await connect(bench)
        await buy_credits(bench)
        (text,) = await bench.advance(RETURN)
        states = await bench.states()

        assert (done.done, done.in_flight) == (True, 0)
        assert states == ["cancelled", "sent", "sent"]
        assert str(first.ref) not in text
        assert str(second.ref) in text or str(third.ref) in text


async def test_nothing_of_it_leaves_after_an_acknowledgement(database_url: str) -> None:
    """The message is in the queue already: the acknowledgement cancels it there and then."""
    async with bridge_bench(database_url) as bench:
        (alerted,) = await bench.post(alert("disk"))
        bench.reachable = False
        await bench.advance(6)
        bench.reachable = True
        await bench.act(alerted.ref, Action.ACKNOWLEDGE)
        await bench.send_due()
        later = await bench.advance(300, step=30)

        assert (bench.sent, later) == ([], [])
        assert {state for _, state in await bench.messages()} == {State.CANCELLED.value}


async def test_while_the_trial_is_out_the_others_wait(tmp_path: Any) -> None:
    """Only the worst alert's phone gets the trial; its readable answer lets the others go."""
    bridge = BRIDGE | {
        "receivers": {"ops": {"to": ["noura"]}, "net": {"to": ["fahad"]}},
        "routes": [{"when": {"severity": "critical"}, "to": "net"}, {"to": "ops"}],
    }
    async with bridge_bench(tmp_path, bridge) as bench:
        await open_breaker(bench)
        await bench.post(alert("disk"), alert("site", severity=AlertSeverity.CRITICAL))
        before = await bench.advance(60, step=5)
        await answer_probe(bench)
        await bench.advance(2)
        phones = [phone for _, phone, _ in bench.sent]

        assert before == []
        assert phones == [FAHAD, NOURA]
