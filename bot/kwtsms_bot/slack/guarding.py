"""The last door of a listener: no exception leaves it, and the person gets a reference to the log.

Bolt loses an acknowledgement when a listener raises right after it, and leaves a person without an
answer when it raises before it.
"""

from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot import logs
from kwtsms_bot.commands.base import Reply, Tone
from kwtsms_bot.language import language, marked
from kwtsms_bot.slack import blocks, inbound
from kwtsms_bot.slack.tasks import Tasks
from kwtsms_bot.slack.trouble import SLACK_TROUBLE
from kwtsms_bot.slack.voice import Voice

log = structlog.get_logger(__name__)

Body = Mapping[str, Any]
Listener = Callable[[AsyncAck, Body, AsyncRespond], Awaitable[None]]


SORRY = marked("Something went wrong on our side; it may or may not have been done.")
LOOK = marked("Look before you try again.")
REFERENCE = marked("Reference")
CLOSE = marked("Close")


def guarded(listener: Listener, tasks: Tasks, client: AsyncWebClient) -> Listener:
    """`listener`, from which no exception leaves.

    It runs among `tasks`, so that a stop waits for it: Bolt forgets what it has begun. All that it
    logs carries one request id.
    """

    async def listen(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await tasks.start(run(ack, body, respond))

    async def run(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        acknowledged = False
        begun = monotonic()
        logs.begin_request()
        log.debug("asked", kind=inbound.kind(body))

        async def acknowledge(*args: Any, **kwargs: Any) -> Any:
            nonlocal acknowledged
            if not acknowledged:
                tasks.acknowledged(monotonic() - begun)
            acknowledged = True
            return await ack(*args, **kwargs)

        try:
            await listener(acknowledge, body, respond)  # type: ignore[arg-type]  # Same call.
        except Exception as error:  # noqa: BLE001 - the last door; it is logged with its trace.
            told = apology(error)
            try:
                if acknowledged or not await _at_once(told, body, ack):
                    await _afterwards(told, body, respond, client)
            except (*SLACK_TROUBLE, ValueError) as failed:
                log.error("apology failed", error=type(failed).__name__)

    return listen


def apology(error: Exception) -> Reply:
    """What the person is told, in both languages: whose it is could not be asked any more."""
    reference = logs.request()
    log.error("listener failed", reference=reference, exc_info=error)
    arabic = language("ar")
    details = (LOOK, arabic(SORRY), arabic(LOOK))
    facts = ((REFERENCE, reference), (arabic(REFERENCE), arabic.ltr(reference)))
    return Reply(Tone.BAD, SORRY, details, facts)


async def _at_once(told: Reply, body: Body, ack: AsyncAck) -> bool:
    """Acknowledges; whether that could be done with words."""
    shown = blocks.reply(told)
    if body.get("type") == "view_submission":
        close = f"{CLOSE} · {language('ar')(CLOSE)}"
        await ack(response_action="update", view=blocks.modal("kwtSMS", shown["blocks"], close))
        return True
    if "command" in body:
        await ack(response_type="ephemeral", **shown)
        return True
    await ack()
    return False


async def _afterwards(
    told: Reply, body: Body, respond: AsyncRespond, client: AsyncWebClient
) -> None:
    event = body.get("event") or {}
    user = str(inbound.who(body)[0] or event.get("user", ""))
    shown: dict[str, Any] = {"replace_original": False, **blocks.reply(told)}
    await Voice(client).answer(respond, user, shown)
