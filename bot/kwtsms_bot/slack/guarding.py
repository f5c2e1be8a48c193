"""The last door of a listener: no exception leaves it, and the person gets a reference to the log.

Bolt loses an acknowledgement when a listener raises right after it, and leaves a person without an
answer when it raises before it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from kwtsms_bot.commands.base import Reply, Tone
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.tasks import Tasks
from kwtsms_bot.slack.trouble import SLACK_TROUBLE

log = structlog.get_logger(__name__)

Body = Mapping[str, Any]
Listener = Callable[[AsyncAck, Body, AsyncRespond], Awaitable[None]]


def guarded(listener: Listener, tasks: Tasks) -> Listener:
    """`listener`, from which no exception leaves.

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
            await _apologise(error, _way(body, ack, respond, acknowledged=acknowledged))

    return listen


def _way(
    body: Body, ack: AsyncAck, respond: AsyncRespond, *, acknowledged: bool
) -> Callable[[Reply], Awaitable[Any]]:
    """How the person can still be told: by the form that they sent, the answer, or afterwards."""

    async def tell(reply: Reply) -> None:
        shown = blocks.reply(reply)
        if body.get("type") == "view_submission" and not acknowledged:
            await ack(response_action="update", view=blocks.modal(reply.title, shown["blocks"]))
        elif acknowledged:
            await respond(response_type="ephemeral", replace_original=False, **shown)
        else:
            await ack(response_type="ephemeral", **shown)

    return tell


async def _apologise(error: Exception, tell: Callable[[Reply], Awaitable[Any]]) -> None:
    reference = uuid4().hex[:8]
    log.error("listener failed", reference=reference, exc_info=error)
    title = "Something went wrong on our side; it may or may not have been done."
    facts = (("Reference", reference),)
    try:
        await tell(Reply(Tone.BAD, title, ("Look before you try again.",), facts))
    except (*SLACK_TROUBLE, ValueError) as failed:
        log.error("apology failed", reference=reference, error=type(failed).__name__)
