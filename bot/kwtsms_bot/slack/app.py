"""The listeners: what Slack tells us goes in, an acknowledgement within three seconds comes out.

Bolt loses an acknowledgement when a listener raises right after it, and leaves a person without an
answer when it raises before it; so no exception leaves a listener here.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from kwtsms_bot.commands import router, unknown
from kwtsms_bot.commands.base import Desk, Reply, Tone
from kwtsms_bot.slack import blocks, card, inbound
from kwtsms_bot.slack.directory import Directory
from kwtsms_bot.slack.tasks import Tasks
from kwtsms_bot.slack.trouble import SLACK_TROUBLE

# Slack gives three seconds. What takes longer is acknowledged with a word and answered afterwards.
ACK_SECONDS = 2.0
SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
ANYTHING = re.compile("")
STILL_AT_IT = "Still at it: the answer follows here."
log = structlog.get_logger(__name__)

Body = Mapping[str, Any]
Listener = Callable[[AsyncAck, Body, AsyncRespond], Awaitable[None]]


class Front:
    """Between Bolt and the commands: one listener for the slash command, one for each button."""

    def __init__(self, desk: Desk, directory: Directory) -> None:
        self._desk = desk
        self._directory = directory
        self._api_url = desk.config.slack.api_url
        self.slash = desk.config.slack.command

    async def command(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        """`/sms …`: answered with the acknowledgement itself where the answer comes in time."""
        work = asyncio.create_task(self._handle(body))
        done, _ = await asyncio.wait({work}, timeout=ACK_SECONDS)
        if not done:
            await ack(text=STILL_AT_IT, response_type="ephemeral")
        answer = await work
        shown = {} if answer.accepted else blocks.reply(answer)
        if done:
            await (ack(response_type="ephemeral", **shown) if shown else ack())
        elif shown:
            await self._respond(respond, shown)

    async def send_again(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        """The button of a message whose outcome is unknown: send it once more."""
        await self._decide(unknown.send_again, ack, body, respond)

    async def treat_as_sent(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        """The other button: leave it be."""
        await self._decide(unknown.treat_as_sent, ack, body, respond)

    async def catch_all(self, ack: AsyncAck, _body: Body, _respond: AsyncRespond) -> None:
        """What nothing else listens to: Slack shows an error for what is never acknowledged."""
        await ack()

    async def _handle(self, body: Body) -> Reply:
        groups = await self._directory.groups_of(str(body.get("user_id", "")))
        return await router.handle(self._desk, inbound.invocation(body, groups))

    async def _decide(
        self, decision: unknown.Decision, ack: AsyncAck, body: Body, respond: AsyncRespond
    ) -> None:
        await ack()
        groups = await self._directory.groups_of(str(body.get("user", {}).get("id", "")))
        ref = str(body["actions"][0].get("value", ""))
        answer = await decision(self._desk, inbound.presser(body, groups), ref)
        if answer.tone is not Tone.GOOD:  # What was done shows on the card.
            await self._respond(respond, blocks.reply(answer))

    async def _respond(self, respond: AsyncRespond, shown: blocks.Payload) -> None:
        """Answers by the response URL, which must be Slack's own."""
        if not is_slacks(respond.response_url or "", self._api_url):
            log.error("response url refused")
            return
        await respond(response_type="ephemeral", replace_original=False, **shown)


def is_slacks(url: str, api_url: str) -> bool:
    """Whether `url` leads to Slack: its hooks, or the Slack that the configuration names."""
    parts, api = urlsplit(url), urlsplit(api_url)
    if (parts.scheme, parts.netloc) == (api.scheme, api.netloc):
        return True
    return parts.scheme == "https" and parts.netloc in SLACK_HOSTS


def guarded(listener: Listener, tasks: Tasks) -> Listener:
    """`listener`, from which no exception leaves: the person gets a reference to the log.

    It runs among `tasks`, so that a stop waits for it: Bolt forgets what it has begun.
    """

    async def listen(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await tasks.start(run(ack, body, respond))

    async def run(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        acknowledged = False

        async def acknowledge(*args: Any, **kwargs: Any) -> Any:
            nonlocal acknowledged
            acknowledged = True
            return await ack(*args, **kwargs)

        try:
            await listener(acknowledge, body, respond)  # type: ignore[arg-type]  # Same call.
        except Exception as error:  # noqa: BLE001 - the last door; it is logged with its trace.
            await _apologise(error, respond if acknowledged else ack)

    return listen


async def _apologise(error: Exception, answer: Callable[..., Awaitable[Any]]) -> None:
    reference = uuid4().hex[:8]
    log.error("listener failed", reference=reference, exc_info=error)
    title = "Something went wrong on our side; it may or may not have been done."
    facts = (("Reference", reference),)
    told = Reply(Tone.BAD, title, ("Look before you try again.",), facts)
    try:
        await answer(response_type="ephemeral", **blocks.reply(told))
    except (*SLACK_TROUBLE, ValueError) as failed:
        log.error("apology failed", reference=reference, error=type(failed).__name__)


def build_app(
    front: Front, tasks: Tasks, *, client: AsyncWebClient, identity: AsyncSlackResponse
) -> AsyncApp:
    """The Bolt app; `identity` is the auth.test made at start, which Bolt would make too late."""
    known = AuthorizeResult.from_auth_test_response(
        auth_test_response=identity, bot_token=client.token
    )

    async def authorize(**_: Any) -> AuthorizeResult:
        return known

    app = AsyncApp(client=client, authorize=authorize, name="kwtsms-bridge")
    app.command(front.slash)(guarded(front.command, tasks))
    app.action(card.SEND_AGAIN)(guarded(front.send_again, tasks))
    app.action(card.TREAT_AS_SENT)(guarded(front.treat_as_sent, tasks))
    for kind in (app.command, app.action, app.shortcut, app.view, app.options, app.event):
        kind(ANYTHING)(guarded(front.catch_all, tasks))
    return app
