"""/metrics: what was done and what is so, in figures, without a number or a name in a label."""

from pathlib import Path

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from kwtsms_bot.cli.stage import Stage
from kwtsms_bot.operation.metrics import PREFIX, Metrics
from kwtsms_client import NotSent, UnknownOutcome
from kwtsms_client.errors import rejection
from kwtsms_sandbox.gateway import Fault
from kwtsms_sandbox.slack.demo import OPS, SARA
from support.bot import NUMBER, shown
from support.watching import get, watched

Figures = dict[tuple[str, ...], float]


def read(text: str) -> Figures:
    """Every sample: its name without our prefix and the values of its sorted labels."""
    return {
        (
            sample.name.removeprefix(f"{PREFIX}_"),
            *(value for _, value in sorted(sample.labels.items())),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def figures(stage: Stage) -> Figures:
    """What the page says now."""
    return read((await get(f"{stage.watched_at}/metrics")).text)


async def test_a_message_is_counted_from_its_arrival_to_its_outcome(tmp_path: Path) -> None:
    """Accepted, acknowledged, paced, called, sent, and what is left on the account."""
    async with watched(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await shown(stage, "accepted by kwtSMS")
        found = await figures(stage)

        assert found["messages_accepted_total", "slack"] == 1
        assert found["acknowledgement_seconds_count",] == 1
        assert found["pace_wait_seconds_count",] >= 1
        assert found["calls_total", "", "send", "accepted"] == 1
        assert found["recipients", "sent"] == 1
        assert found["queue_depth",] == 0
        assert found["balance_credits",] == 999
        assert (found["ready",], found["slack_connected",], found["database_up",]) == (1, 1, 1)
        assert found["held",] == 0


async def test_what_waits_is_seen_with_its_reason(tmp_path: Path) -> None:
    """A full queue at kwtSMS: one refused call by its code, one recipient that waits."""
    async with watched(tmp_path) as stage:
        stage.gateway.fault("ERR013", endpoint="send")
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await shown(stage, "queue is full")
        found = await figures(stage)

        assert found["calls_total", "ERR013", "send", "rejected"] == 1
        assert found["queue_depth",] == found["recipients", "queued"] == 1


async def test_a_hold_is_seen_where_people_look(tmp_path: Path) -> None:
    """Three answers cannot be read: the figures, /readyz and the card of what waits say so."""
    async with watched(tmp_path) as stage:
        stage.gateway.fault(Fault.HTML_502, endpoint="send", times=None)
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} one")
        await shown(stage, "may have been sent")
        await stage.slack.command(SARA, OPS, "/sms", "send 96598765001 two")
        await stage.slack.command(SARA, OPS, "/sms", "send 96598765002 three")
        await stage.slack.command(SARA, OPS, "/sms", "send 96598765003 four")
        await shown(stage, "nothing is sent until one can")
        found = await figures(stage)
        told = (await get(f"{stage.watched_at}/readyz")).json()

        assert found["held",] == 1
        assert found["recipients", "queued"] == 1
        assert told["held"]


def test_each_outcome_has_its_label() -> None:
    """The four outcomes are told apart; a word from outside never becomes a label."""
    metrics = Metrics()
    for error in (
        None,
        NotSent("no"),
        UnknownOutcome("cut"),
        rejection("ERR003"),
        rejection("ERR999"),
        rejection("call 96598765432"),
    ):
        metrics.called("send", error)

    found = read(generate_latest(metrics.registry).decode())
    assert {key[1:]: value for key, value in found.items() if key[0] == "calls_total"} == {
        ("", "send", "accepted"): 1,
        ("", "send", "not_sent"): 1,
        ("", "send", "unknown"): 1,
        ("ERR003", "send", "rejected"): 1,
        ("ERR999", "send", "rejected"): 1,
        ("other", "send", "rejected"): 1,
    }
