"""A listener that fails still answers: the person gets a reference that is in the log."""

import re
from typing import Any

import pytest
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from structlog.testing import capture_logs

from kwtsms_bot.slack.guarding import guarded
from kwtsms_bot.slack.outlet import is_slacks
from kwtsms_bot.slack.tasks import Tasks
from kwtsms_sandbox.slack import OPS, SARA
from support.slack import bolt_app, connected, running_slack, web_client


async def fails_at_once(_ack: AsyncAck, _body: Any, _respond: AsyncRespond) -> None:
    """Fails before it has acknowledged."""
    raise RuntimeError("planted")


async def fails_after_ack(ack: AsyncAck, _body: Any, _respond: AsyncRespond) -> None:
    """Fails right after it has acknowledged, which is where Bolt loses the acknowledgement."""
    await ack()
    raise RuntimeError("planted")


@pytest.mark.parametrize("listener", [fails_at_once, fails_after_ack])
async def test_a_failing_listener_leaves_an_answer_with_a_reference(listener: Any) -> None:
    """No exception at any point of a listener leaves the person without an answer."""
    async with running_slack() as slack:
        app = bolt_app(slack)
        app.command("/sms")(guarded(listener, Tasks(), web_client(slack)))
        with capture_logs() as log:
            async with connected(slack, app):
                done = await slack.command(SARA, OPS, "/sms", "balance")
                await slack.until(lambda: slack.visible(SARA, OPS))
        told = slack.plain(slack.visible(SARA, OPS)[-1])

    reference = re.search(r"Reference: (\w{8})", told)
    assert done.error is None
    assert reference
    assert reference[1] in [entry.get("reference") for entry in log]


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://hooks.slack.com/commands/T1/2/3", True),
        ("https://hooks.slack-gov.com/commands/T1/2/3", True),
        ("http://hooks.slack.com/commands/T1/2/3", False),
        ("https://hooks.slack.com.evil.example/", False),
        ("https://hooks.slack.com@evil.example/", False),
        ("https://evil.example/hooks.slack.com", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("", False),
    ],
)
def test_answers_go_to_slack_only(url: str, allowed: bool) -> None:  # noqa: FBT001 - a table's cell.
    """A response URL that is not Slack's own is refused."""
    assert is_slacks(url, "https://slack.com/api/") is allowed
