"""Strings of any content from Slack: the kill switch works, and a workflow's step always ends."""

from pathlib import Path
from typing import Any

import pytest

from kwtsms_sandbox.slack.demo_workspace import OPS, SARA, YOUSEF
from kwtsms_sandbox.slack.workflow_steps import StepState
from support.bot import NUMBER, local_env

STRANGE = {
    "NUL": "a\0b",
    "only NUL": "\0",
    "long": "x" * 5000,
    "half a character": "\ud800",
    "direction": "\u202ex",
    "mention": "<!channel>",
    "line break": "a\nb",
}
strange = pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
INPUTS: dict[str, Any] = {"numbers": NUMBER, "text": "From a workflow", "user": SARA.id}
ACCESS = {"sender": {"users": [SARA.id]}, "admin": {"users": [YOUSEF.id]}, "workflows": True}


@strange
async def test_the_kill_switch_works_for_any_reason(
    tmp_path: Path, database_url: str, text: str
) -> None:
    """Sending is paused whatever the reason contains, and the pause is shown."""
    async with local_env(tmp_path, outbox={"database": database_url}) as env:
        reply = await env.slack.command(YOUSEF, OPS, "/sms", f"pause {text}")
        refused = await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")

    assert "paused" in str(reply)
    assert "paused" in str(refused)
    assert env.gateway.ledger == []


@pytest.mark.parametrize("field", ["user", "text", "numbers"])
@strange
async def test_a_step_ends_whatever_its_inputs_are(
    tmp_path: Path, database_url: str, field: str, text: str
) -> None:
    """The step completes or fails with a reason, at its first delivery."""
    async with local_env(tmp_path, access=ACCESS, outbox={"database": database_url}) as env:
        step, _ = await env.slack.run_step("send_sms", INPUTS | {field: text})
        ended = await env.slack.wait_for_end(step)

    assert ended.state in (StepState.COMPLETED, StepState.FAILED)
    assert "does not answer" not in str(ended.error)
