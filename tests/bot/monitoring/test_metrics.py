"""/metrics: counters and gauges whose labels contain no phone numbers and no names."""

import math
from pathlib import Path
from typing import Any

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_bot.monitoring.metrics import COUNTERS, GAUGES, PREFIX, Metrics
from kwtsms_client import API_ERRORS, NotSent, UnknownOutcome, protocol
from kwtsms_client.errors import rejection
from kwtsms_sandbox.gateway import Fault
from kwtsms_sandbox.slack.demo_workspace import OPS, SARA
from support.bot import NUMBER, cards, wait_for_text
from support.operator_pages import get, monitored_env

Figures = dict[tuple[str, ...], float]


def read(text: str) -> Figures:
    """Each sample, by its name without our prefix and the values of its sorted labels."""
    return {
        (
            sample.name.removeprefix(f"{PREFIX}_"),
            *(value for _, value in sorted(sample.labels.items())),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def figures(env: LocalEnvironment) -> Figures:
    """The samples that /metrics shows now."""
    return read((await get(f"{env.watched_at}/metrics")).text)


async def test_a_message_is_counted_from_its_arrival_to_its_outcome(tmp_path: Path) -> None:
    """Each step of the message is counted, and the balance is shown."""
    async with monitored_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await wait_for_text(env, "sent to 965")
        found = await figures(env)

        assert found["messages_accepted_total", "slack"] == 1
        assert found["acknowledgement_seconds_count",] == 1
        assert found["pace_wait_seconds_count",] >= 1
        assert found["calls_total", "", "send", "accepted"] == 1
        assert found["recipients", "sent"] == 1
        assert found["queue_depth",] == 0
        assert found["balance_credits",] == 999
        assert (found["ready",], found["slack_connected",], found["database_up",]) == (1, 1, 1)
        assert found["held",] == 0


async def test_a_queued_recipient_shows_its_reason(tmp_path: Path) -> None:
    """A full queue at kwtSMS shows as one rejected call by its code and one queued recipient."""
    async with monitored_env(tmp_path) as env:
        env.gateway.fault("ERR013", endpoint="send")
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await wait_for_text(env, "queue is full")
        found = await figures(env)

        assert found["calls_total", "ERR013", "send", "rejected"] == 1
        assert found["queue_depth",] == found["recipients", "queued"] == 1


async def test_an_open_circuit_breaker_shows_on_every_surface(tmp_path: Path) -> None:
    """Three unreadable answers open the breaker; the figures, /readyz and the next card show it."""
    async with monitored_env(tmp_path) as env:
        env.gateway.fault(Fault.HTML_502, endpoint="send", times=None)
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} one")
        await wait_for_text(env, "may have been sent")
        await env.slack.command(SARA, OPS, "/sms", "send 96598765001 two")
        await env.slack.command(SARA, OPS, "/sms", "send 96598765002 three")
        await env.slack.until(lambda: sum("may have been sent" in one for one in cards(env)) == 3)
        await env.slack.command(SARA, OPS, "/sms", "send 96598765003 four")
        await wait_for_text(env, "Sending waits until kwtSMS")
        found = await figures(env)
        readiness = (await get(f"{env.watched_at}/readyz")).json()

        assert found["held",] == 1
        assert found["recipients", "queued"] == 1
        assert readiness["held"]


def test_each_outcome_has_its_label() -> None:
    """The four outcomes are distinguished, and text from outside never becomes a label."""
    metrics = Metrics()
    for error in (
        None,
        NotSent("no"),
        UnknownOutcome("cut"),
        rejection("ERR003"),
        rejection("ERR999"),
        rejection("call 96598765432"),
    ):
        metrics.count_call("send", error)

    found = read(generate_latest(metrics.registry).decode())
    calls = {key[1:]: value for key, value in found.items() if key[0] == "calls_total"}
    assert {labels: value for labels, value in calls.items() if value} == {
        ("", "send", "accepted"): 1,
        ("", "send", "not_sent"): 1,
        ("", "send", "unknown"): 1,
        ("ERR003", "send", "rejected"): 1,
        ("ERR999", "send", "rejected"): 1,
        ("other", "send", "rejected"): 1,
    }


def test_every_counter_is_there_before_anything_is_counted() -> None:
    """Our counters begin at 0, because Prometheus sees no increase in a series that begins at 1."""
    found = read(generate_latest(Metrics().registry).decode())
    counted = {key: value for key, value in found.items() if key[0].endswith("_total")}
    ours = {key: value for key, value in counted.items() if key[0][:-6] in COUNTERS}
    calls: list[protocol.Call[Any]] = [
        protocol.balance(),
        protocol.senderids(),
        protocol.coverage(),
        protocol.validate(["96598765432"]),
        protocol.send(sender="A", recipients=["96598765432"], text="a", test=True),
        protocol.status("1"),
        protocol.dlr("1"),
    ]
    for endpoint in [call.path.strip("/") for call in calls]:
        for code in (*API_ERRORS, "other"):
            assert ("calls_total", code, endpoint, "rejected") in ours
        for outcome in ("accepted", "not_sent", "unknown"):
            assert ("calls_total", "", endpoint, outcome) in ours

    assert ("messages_accepted_total", "slack") in ours
    assert ("database_errors_total",) in ours
    assert set(ours.values()) == {0}


def test_what_is_not_known_is_no_number() -> None:
    """An unknown balance is not 0, which would raise an alert for low credits."""
    found = read(generate_latest(Metrics().registry).decode())
    alone = [(name,) for name, (_, labels) in GAUGES.items() if not labels]

    assert [key for key in alone if not math.isnan(found[key])] == []


async def test_a_message_that_was_confirmed_is_counted_too(tmp_path: Path) -> None:
    """A message that needed confirmation is counted once, when it is accepted."""
    many = ", ".join(str(96555000000 + number) for number in range(6))
    async with monitored_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {many} hi")
        before = await figures(env)
        await env.slack.press(
            SARA, await wait_for_text(env, "You're sending to 6 people"), "send_confirm"
        )
        await wait_for_text(env, "sent to 965")
        after = await figures(env)

        assert before["messages_accepted_total", "slack"] == 0
        assert after["messages_accepted_total", "slack"] == 1
