"""Error boundary for Bolt listeners: logs the exception and replies with its reference.

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
from kwtsms_bot.background import BackgroundTasks
from kwtsms_bot.commands.base import Reply, Severity
from kwtsms_bot.i18n.translator import N_, language
from kwtsms_bot.slack import blocks, ids, payloads
from kwtsms_bot.slack.errors import SLACK_ERRORS
from kwtsms_bot.slack.replies import Responder

log = structlog.get_logger(__name__)

Body = Mapping[str, Any]
Listener = Callable[[AsyncAck, Body, AsyncRespond], Awaitable[None]]


SORRY = N_("Something went wrong. Your request may or may not have gone through.")
CHECK_BEFORE_RETRY = N_("Check before you try again.")
REFERENCE = N_("Reference")
CLOSE = N_("Close")


def with_error_boundary(
    listener: Listener, tasks: BackgroundTasks, client: AsyncWebClient
) -> Listener:
    """Returns `listener` wrapped so that no exception leaves it.

    It runs in `tasks`, so that shutdown waits for it: Bolt keeps no track of its tasks. All of its
    log lines carry one request id.
    """

    async def listen(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await tasks.start(run(ack, body, respond))

    async def run(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        acknowledged = False
        started = monotonic()
        logs.begin_request()
        log.debug("asked", kind=payloads.payload_kind(body))

        async def acknowledge(*args: Any, **kwargs: Any) -> Any:
            nonlocal acknowledged
            if not acknowledged:
                tasks.on_acknowledged(monotonic() - started)
            acknowledged = True
            return await ack(*args, **kwargs)

        try:
            await listener(acknowledge, body, respond)  # type: ignore[arg-type]  # Same call.
        except Exception as error:  # noqa: BLE001 - an error boundary; it logs the trace.
            reply = error_reply(error)
            try:
                if acknowledged or not await _reply_with_ack(reply, body, ack):
                    await _reply_after_ack(reply, body, respond, client)
            except (*SLACK_ERRORS, ValueError) as failed:
                log.error("apology failed", error=type(failed).__name__)

    return listen


def error_reply(error: Exception) -> Reply:
    """Logs `error` and returns an apology in both languages, as the user's may be unknown."""
    reference = logs.current_request_id()
    log.error("listener failed", reference=reference, exc_info=error)
    arabic = language("ar")
    details = (CHECK_BEFORE_RETRY, arabic(SORRY), arabic(CHECK_BEFORE_RETRY))
    facts = ((REFERENCE, reference), (arabic(REFERENCE), arabic.ltr(reference)))
    return Reply(Severity.ERROR, SORRY, details, facts)


async def _reply_with_ack(reply: Reply, body: Body, ack: AsyncAck) -> bool:
    """Acknowledges the request; returns whether the acknowledgement carried the reply."""
    payload = blocks.reply(reply)
    if body.get("type") == "view_submission":
        close = f"{CLOSE} · {language('ar')(CLOSE)}"
        await ack(
            response_action="update", view=blocks.modal(ids.APP_NAME, payload["blocks"], close)
        )
        return True
    if "command" in body:
        await ack(response_type="ephemeral", **payload)
        return True
    await ack()
    return False


async def _reply_after_ack(
    reply: Reply, body: Body, respond: AsyncRespond, client: AsyncWebClient
) -> None:
    event = body.get("event") or {}
    user = str(payloads.user_and_channel(body)[0] or event.get("user", ""))
    payload: dict[str, Any] = {"replace_original": False, **blocks.reply(reply)}
    await Responder(client).respond(respond, user, payload)
