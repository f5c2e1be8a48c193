"""`/sms status`: a message's status in the outbox, and its current status at kwtSMS.

An answer of kwtSMS about a message of ours is stored, so that its card shows it too.
"""

from dataclasses import replace

from kwtsms_bot.commands import message_lookup, status_text
from kwtsms_bot.commands.base import (
    Command,
    CommandContext,
    CommandRequest,
    Invocation,
    Reply,
    Severity,
)
from kwtsms_bot.commands.message_lookup import LookupResult
from kwtsms_bot.commands.policy import Permission
from kwtsms_bot.i18n import gateway_texts
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_bot.outbox.delivery.rules import (
    STUCK,
    DeliveryUpdate,
    TrackedCall,
    from_refusal,
    from_report,
    from_status,
    wants_report,
)
from kwtsms_bot.outbox.message import Message
from kwtsms_client import Rejected, Status, mask

MAX_QUERIES = 3  # Each is a separate request, and requests are rate-limited.
MAX_LISTED = 5  # Numbers of a delivery report.


async def run(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Shows the status in the outbox, and at kwtSMS if it has accepted the message."""
    found = await message_lookup.find(context, request, rest, COMMAND)
    return found if isinstance(found, Reply) else await reply_status(context, request, found)


async def reply_status(
    context: CommandContext, request: CommandRequest, found: LookupResult
) -> Reply:
    """Builds the reply with a message's status in the outbox and at kwtSMS."""
    say, facts = request.say, []
    for gateway_id in found.gateway_ids[:MAX_QUERIES]:
        facts.append((say("kwtSMS message ID"), gateway_id))
        facts.append((say("kwtSMS status"), await _query_gateway(context, gateway_id, say)))
    if found.message is None:
        return Reply(Severity.INFO, say("Message sent by another program"), facts=tuple(facts))
    stored = stored_reply(await _reload(context, found.message), say)
    return replace(stored, facts=(*stored.facts, *facts))


def stored_reply(message: Message, say: Language) -> Reply:
    """Returns the reply with a message's status in the outbox."""
    summary = status_text.summary(message.counts, say, presumed_sent=message.presumed_sent)
    return Reply(
        Severity.INFO,
        say("Message {ref}", ref=message.ref),
        status_text.explanations(message, say),
        ((say("Status"), summary),),
        # Elsewhere, its card has them.
        buttons=() if message.card_location else tuple(status_text.decision_buttons(message, say)),
    )


async def _reload(context: CommandContext, message: Message) -> Message:
    """Returns the message with the status that was just stored."""
    return await context.outbox.messages.get(message.id) or message


async def _query_gateway(context: CommandContext, gateway_id: str, say: Language) -> str:
    """Asks kwtSMS for the status of a call, and stores the answer if the call is ours."""
    tracked = await context.outbox.delivery.find_accepted_call(gateway_id)
    try:
        if tracked is None:
            return _format_status(await context.gateway.status(gateway_id), say)
        update, text = await _query_tracked(context, tracked, say)
    except Rejected as error:
        update, text = DeliveryUpdate(), _format_rejection(error, say)
        if tracked is not None:
            update = from_refusal(tracked, error)
    if tracked is not None and await context.outbox.delivery.record_answer(
        tracked, update, context.now()
    ):
        context.wake()
    return text


async def _query_tracked(
    context: CommandContext, tracked: TrackedCall, say: Language
) -> tuple[DeliveryUpdate, str]:
    """Asks what the delivery poller would ask now: for the delivery report or the status."""
    if wants_report(tracked, context.now()):
        report = await context.gateway.dlr(tracked.gateway_id)
        lines = [
            f"{say.ltr(mask(one.recipient))}: "
            f"{say.inline(gateway_texts.translate_status(one.status, say))}"
            for one in report.deliveries
        ]
        more = ["…"] if len(lines) > MAX_LISTED else []
        return from_report(tracked, report), say(", ").join(lines[:MAX_LISTED] + more) or "–"
    status = await context.gateway.status(tracked.gateway_id)
    return from_status(tracked, status.status), _format_status(status, say)


def _format_status(status: Status, say: Language) -> str:
    parts = (
        say.inline(gateway_texts.translate_status(one, say))
        for one in (status.status, status.description)
    )
    return ": ".join(filter(None, parts))


def _format_rejection(error: Rejected, say: Language) -> str:
    if error.code == STUCK:
        stuck = say("Stuck in kwtSMS's queue (ERR030).")
        return f"{stuck} {gateway_texts.translate_remedy(error.code, say)}"
    return gateway_texts.describe_error(error, say)


COMMAND = Command(
    "status",
    N_("[ID]"),
    N_("Show a message's status (default: your last message)"),
    ("", "f4c841adee210f31307633ceaebff2ec"),
    Permission.READ,
    run,
)
