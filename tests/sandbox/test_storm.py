"""`sandbox storm` posts alerts that the endpoint reads, and sums up the answers."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kwtsms_bot.bridge.models import AlertStatus
from kwtsms_sandbox.storm.alerts import BODIES, StormAlert, alert_body
from kwtsms_sandbox.storm.command import storm_command
from kwtsms_sandbox.storm.summary import StormAnswer, summarize, summary_lines
from support.bridge import json_request, parse
from support.bridge_bench import BRIDGE
from support.bridge_endpoint import running_endpoint

AT = datetime(2026, 11, 2, 11, 2, 13, tzinfo=UTC)
TOKEN = "kwb_demo-token"
TOOLS: dict[str, Any] = {
    "prometheus": {"kind": "alertmanager", "token": TOKEN},
    "events": {"kind": "pagerduty", "token": "kwb_another-token"},
}


async def storm(*arguments: str, token: str = TOKEN, answer: str = "") -> Result:
    """Runs the command in a thread, as a second program would run."""
    runner = CliRunner(env={"KWTSMS_BRIDGE_TOKEN": token})
    return await asyncio.to_thread(runner.invoke, storm_command, arguments, input=answer)


@pytest.mark.parametrize("kind", BODIES)
def test_every_kind_is_read_from_beginning_to_end(kind: str) -> None:
    """The endpoint's parser reads a firing alert and its end under one key."""
    firing, ended = (StormAlert("storm-1", 7, AT, end) for end in (None, AT))
    (first,) = parse(kind, json_request(alert_body(kind, firing, TOKEN))).alerts
    (last,) = parse(kind, json_request(alert_body(kind, ended, TOKEN))).alerts

    assert (first.status, last.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert first.key == last.key
    assert "storm-1-7" in first.title + first.where


async def test_a_storm_and_its_end(tmp_path: Path) -> None:
    """Forty alerts of four racks are four incidents that open and are resolved."""
    async with running_endpoint(tmp_path, BRIDGE | {"integrations": TOOLS}) as bot:
        url = f"http://{bot.at}/hooks/prometheus"
        result = await storm(
            *(url, "--kind", "alertmanager", "--count", "40"),
            *("--rate", "400", "--resolve", "--json"),
        )

        assert result.exit_code == 0, result.output
        figures = json.loads(result.stdout)
        assert (figures["firing"]["accepted"], figures["firing"]["incidents"]) == (40, 4)
        assert figures["resolved"]["outcomes"] == {"resolved": 40}
        assert await bot.incidents("state") == [("resolved",)] * 4


async def test_pagerduty_has_its_own_address(tmp_path: Path) -> None:
    """The token is in the body, as PagerDuty's clients have it."""
    async with running_endpoint(tmp_path, BRIDGE | {"integrations": TOOLS}) as bot:
        result = await storm(
            *(
                f"http://{bot.at}/v2/enqueue",
                "--kind",
                "pagerduty",
                "--count",
                "3",
                "--rate",
                "100",
            ),
            token="kwb_another-token",
        )

        assert result.exit_code == 0, result.output
        assert result.stdout.startswith("3 of 3 requests accepted in ")


async def test_a_wrong_token_is_counted(tmp_path: Path) -> None:
    """Refused requests are in the summary by their status, and the exit code is 1."""
    async with running_endpoint(tmp_path, BRIDGE | {"integrations": TOOLS}) as bot:
        url = f"http://{bot.at}/hooks/prometheus"
        result = await storm(
            url, "-k", "alertmanager", "--count", "2", "--rate", "100", token="kwb_wrong"
        )

        assert result.exit_code == 1
        assert "Answers: 2 401" in result.stdout


async def test_nobody_listens() -> None:
    """Without an endpoint every request is unanswered, and the reason is shown."""
    result = await storm(
        "http://127.0.0.1:1/hooks/x", "-k", "native", "--count", "2", "--rate", "100"
    )

    assert result.exit_code == 1
    assert "2 no connection" in result.stdout


async def test_another_machine_is_asked_about() -> None:
    """Alerts for an address elsewhere may reach people, so the command asks first."""
    result = await storm("https://alerts.example.com/hooks/x", "-k", "native", answer="n\n")

    assert result.exit_code == 1
    assert "People may be texted" in result.stderr


@pytest.mark.parametrize("url", ["alerts", "ftp://127.0.0.1/x", "http://a:b@127.0.0.1/x"])
async def test_a_wrong_address_is_refused(url: str) -> None:
    """The error shows what an address looks like."""
    result = await storm(url, "--kind", "native")

    assert result.exit_code == 2
    assert "expected an address such as" in result.output


async def test_the_token_may_be_in_a_file(tmp_path: Path) -> None:
    """An empty file is an error that names it."""
    file = tmp_path / "token"
    file.write_text("\n")
    result = await storm("http://127.0.0.1:1/x", "-k", "native", "--token-file", str(file))

    assert result.exit_code == 2
    assert "token is empty" in result.output


def test_percentiles_are_those_of_the_answers() -> None:
    """The nearest rank is used, so every figure is a time that an answer took."""
    answers = [StormAnswer(n / 1000, 200) for n in range(1, 101)]
    figures = summarize(answers, 2.0)

    assert figures["milliseconds"] == {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}
    assert figures["per_second"] == 50.0


def test_the_summary_counts_alerts_and_sms() -> None:
    """Alerts are counted by outcome, and SMS by whether they are due."""
    new = {"ref": "A7F3K", "outcome": "new", "sms": "due"}
    again = {"ref": "A7F3K", "outcome": "repeat", "sms": "none"}
    answers = [StormAnswer(0.004, 200, alerts=[new]), StormAnswer(0.006, 200, alerts=[again])]

    assert summary_lines(summarize(answers, 0.1)) == [
        "2 of 2 requests accepted in 0.1 s (20.0 a second)",
        "Alerts: 1 new, 1 repeat (incidents: 1)",
        "SMS: 1 due, 1 none",
        "Answered after: p50 4 ms, p95 6 ms, p99 6 ms, max 6 ms",
    ]
