"""A failing listener still answers, with a reference that is in the log."""

import re
from typing import Any

import pytest
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from structlog.testing import capture_logs

from kwtsms_bot.background import BackgroundTasks
from kwtsms_bot.slack.blocks import modal, plain_text, section
from kwtsms_bot.slack.error_boundary import with_error_boundary
from kwtsms_bot.slack.replies import is_slack_url
from kwtsms_sandbox.slack import OPS, SARA, Fault
from support.slack import bolt_app, connected, running_slack, web_client


async def fails_at_once(_ack: AsyncAck, _body: Any, _respond: AsyncRespond) -> None:
    """Fails before the acknowledgement."""
    raise RuntimeError("planted")


async def fails_after_ack(ack: AsyncAck, _body: Any, _respond: AsyncRespond) -> None:
    """Fails right after the acknowledgement, at the point where Bolt loses it."""
    await ack()
    raise RuntimeError("planted")


@pytest.mark.parametrize("listener", [fails_at_once, fails_after_ack])
async def test_a_failing_listener_leaves_an_answer_with_a_reference(listener: Any) -> None:
    """An exception at any point of a listener still gives the user a reply."""
    async with running_slack() as slack:
        app = bolt_app(slack)
        app.command("/sms")(with_error_boundary(listener, BackgroundTasks(), web_client(slack)))
        with capture_logs() as log:
            async with connected(slack, app):
                done = await slack.command(SARA, OPS, "/sms", "balance")
                await slack.until(lambda: slack.visible(SARA, OPS))
        apology = slack.plain(slack.visible(SARA, OPS)[-1])

    reference = re.search(r"Reference: (\w{8})", apology)
    assert done.error is None
    assert reference
    assert reference[1] in [entry.get("reference") for entry in log]


@pytest.mark.parametrize("listener", [fails_at_once, fails_after_ack])
async def test_a_form_or_shortcut_that_fails_leaves_an_answer(listener: Any) -> None:
    """The apology is shown in an open modal, else sent by direct message."""
    async with running_slack() as slack:
        app = bolt_app(slack)
        client = web_client(slack)
        opener = with_error_boundary(_opens(client), BackgroundTasks(), client)
        app.shortcut("opens")(opener)
        app.view("form")(with_error_boundary(listener, BackgroundTasks(), client))
        app.shortcut("fails")(with_error_boundary(listener, BackgroundTasks(), client))
        app.event("app_home_opened")(with_error_boundary(listener, BackgroundTasks(), client))
        with capture_logs() as log:
            async with connected(slack, app):
                await slack.shortcut(SARA, "opens")
                view = await slack.until(lambda: slack.modal(SARA))
                await slack.submit(SARA, view)
                await slack.shortcut(SARA, "fails")
                await slack.open_home(SARA)
                messages = await slack.until(
                    lambda: _direct_messages(slack, 2 + (listener is not fails_at_once))
                )

    known = [str(entry.get("reference")) for entry in log if entry.get("reference")]
    assert len(known) == 3
    assert all(any(one in text for one in known) for text in messages)


@pytest.mark.parametrize("gone", ["used up", "not Slack's"])
async def test_an_apology_that_cannot_be_answered_comes_directly(gone: str) -> None:
    """The apology is a direct message if the response URL is used up or is not Slack's."""
    async with running_slack() as slack:
        app = bolt_app(slack)

        async def fails(ack: AsyncAck, _body: Any, respond: AsyncRespond) -> None:
            await ack()
            if gone == "not Slack's":
                respond.response_url = "http://169.254.169.254/latest"
            raise RuntimeError("planted")

        slack.fault("response_url", Fault(error="used_url"), times=5)
        app.command("/sms")(with_error_boundary(fails, BackgroundTasks(), web_client(slack)))
        async with connected(slack, app):
            await slack.command(SARA, OPS, "/sms", "balance")
            messages = await slack.until(lambda: _direct_messages(slack, 1))

    assert "Reference" in messages[0]


def _opens(client: Any) -> Any:
    async def opens(ack: AsyncAck, body: Any, _respond: AsyncRespond) -> None:
        await ack()
        view = {
            **modal("Form", [section("x")]),
            "callback_id": "form",
            "submit": plain_text("Send"),
        }
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    return opens


def _direct_messages(slack: Any, count: int) -> list[str] | None:
    """The direct messages to Sara, once there are `count` of them."""
    messages = [slack.plain(one) for one in slack.visible(SARA, slack.dm(SARA))]
    return messages if len(messages) >= count else None


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
    assert is_slack_url(url, "https://slack.com/api/") is allowed
