"""The 3 s to acknowledge: the person's view of an app that is late, wrong or absent."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.slack import GENERAL, NOURA, OPS, SARA, SlackSandbox, Via
from support.blockkit import section
from support.slack import bolt_app, connected, served


async def test_a_late_acknowledgement_shows_operation_timeout(slack: SlackSandbox) -> None:
    """An app that does not acknowledge in time shows the user Slack's own error."""
    app = bolt_app(slack)
    slack.ack_seconds = 0.05

    @app.command("/sms")
    async def think() -> None:
        await asyncio.Event().wait()

    async with connected(slack, app):
        interaction = await slack.command(SARA, OPS, "/sms", "balance")

    assert interaction.error == "operation_timeout"
    [notice] = slack.visible(SARA, OPS)
    assert notice.text == "/sms failed with the error “operation_timeout”"
    assert (notice.via, notice.ephemeral_to) == (Via.SLACK, SARA.id)


async def test_what_comes_after_the_deadline_is_not_shown(slack: SlackSandbox) -> None:
    """A late acknowledgement is not shown."""
    app = bolt_app(slack)
    slack.ack_seconds = 0.05
    late = asyncio.Event()

    @app.command("/sms")
    async def think(ack: Any) -> None:
        await late.wait()
        await ack("too late")

    async with connected(slack, app):
        await slack.command(SARA, OPS, "/sms")
        late.set()
        slack.ack_seconds = 3
        second = await slack.command(SARA, OPS, "/sms")

    assert second.ack == {"text": "too late"}
    assert [m.text for m in slack.visible(SARA, OPS)].count("too late") == 1


async def test_without_an_app_the_dispatch_fails(slack: SlackSandbox) -> None:
    """Without a connection the command fails at once."""
    interaction = await slack.command(SARA, OPS, "/sms")

    assert interaction.error == "dispatch_failed"


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_another_http_status_is_no_acknowledgement(slack: SlackSandbox, status: int) -> None:
    """Only HTTP 200 acknowledges."""

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/", refuse)
    async with serve(app) as server:
        slack.deliver_to(server.url)
        interaction = await slack.command(SARA, OPS, "/sms")

    assert (interaction.error, interaction.reply.status) == ("dispatch_failed", status)


async def test_a_closed_address_fails(slack: SlackSandbox) -> None:
    """An address without a server is a failed dispatch."""
    slack.deliver_to("http://127.0.0.1:9")

    interaction = await slack.command(SARA, OPS, "/sms")

    assert interaction.error == "dispatch_failed"


async def test_an_answer_in_channel_shows_what_was_typed(slack: SlackSandbox) -> None:
    """With response_type in_channel everybody sees the command and its answer."""
    app = bolt_app(slack)

    @app.command("/sms")
    async def reply(ack: Any) -> None:
        await ack(text="12.50 credits", response_type="in_channel")

    async with connected(slack, app):
        await slack.command(SARA, GENERAL, "/sms", "balance")

    visible = [(m.via, m.text) for m in slack.visible(NOURA, GENERAL)]
    assert visible == [(Via.PERSON, "/sms balance"), (Via.ACK, "12.50 credits")]


async def test_blocks_that_slack_refuses_are_not_shown(slack: SlackSandbox) -> None:
    """An acknowledgement with bad blocks acknowledges, shows nothing and is an error."""
    app = bolt_app(slack)

    @app.command("/sms")
    async def reply(ack: Any) -> None:
        await ack(blocks=[section("x" * 3001)])

    async with connected(slack, app):
        interaction = await slack.command(SARA, OPS, "/sms")

    assert interaction.error == "invalid_blocks"
    assert slack.visible(SARA, OPS) == []


async def test_a_command_can_be_delivered_twice(slack: SlackSandbox) -> None:
    """The second delivery is identical to the first."""
    app = bolt_app(slack)
    delivered: list[str] = []

    @app.command("/sms")
    async def reply(ack: Any, body: Any) -> None:
        delivered.append(body["trigger_id"])
        await ack()

    async with connected(slack, app):
        first = await slack.command(SARA, OPS, "/sms", "balance")
        await slack.redeliver(first)

    assert delivered == [first.trigger_id] * 2


async def test_an_event_is_tried_again_at_once(slack: SlackSandbox) -> None:
    """An event that was not acknowledged is sent a second time, with the reason."""
    slack.ack_seconds = 0.05

    async def sleep(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/", sleep)
    async with serve(app) as server:
        slack.deliver_to(server.url)
        interaction = await slack.open_home(SARA)

    assert interaction.envelope.retry == 1
    assert interaction.envelope.retry_reason == "http_timeout"


async def test_each_of_many_commands_gets_its_own_answer(slack: SlackSandbox) -> None:
    """Each of 200 concurrent commands gets its own answer."""
    slack.ack_seconds = 60.0  # Only the match of answers matters here, not the time.
    app = bolt_app(slack)

    @app.command("/sms")
    async def reply(ack: Any, command: Any) -> None:
        await ack(command["text"])

    async with connected(slack, app):
        typed = [f"balance {number}" for number in range(200)]
        done = await asyncio.gather(*(slack.command(SARA, OPS, "/sms", text) for text in typed))

    assert [interaction.ack for interaction in done] == [{"text": text} for text in typed]


async def test_bolt_checks_the_signature_of_this_slack(slack: SlackSandbox) -> None:
    """The app detects a wrong signing secret."""
    app = bolt_app(slack)
    async with served(slack, app):
        slack.transport.secret = "another"  # type: ignore[attr-defined]  # the signed one
        interaction = await slack.command(SARA, OPS, "/sms")

    assert interaction.reply.status == 401
