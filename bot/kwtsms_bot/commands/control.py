"""`/sms cancel`, `/sms pause`, `/sms resume`: cancelling a message, and the kill switch."""

from kwtsms_bot.commands import action_ids, error_replies, message_lookup
from kwtsms_bot.commands.base import (
    ButtonPress,
    Command,
    CommandContext,
    CommandRequest,
    Invocation,
    Reply,
    Severity,
)
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.i18n.translator import N_
from kwtsms_bot.outbox.message import DedupeKey, Message
from kwtsms_bot.outbox.store import Cancelled, SendingPaused


async def cancel(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Cancels a message for the recipients to whom it has not been sent yet."""
    found = await message_lookup.find(context, request, rest, CANCEL_COMMAND)
    if isinstance(found, Reply):
        return found
    if found.message is None:
        title = request.say("That message was not sent by this bot: it cannot be taken back here.")
        return Reply(Severity.ERROR, title)
    return await _cancel(context, request, found.message)


async def cancel_by_button(context: CommandContext, press: ButtonPress) -> Reply:
    """Cancels the message that a card's button names."""
    message = await context.outbox.messages.find(press.value)
    if message is None:
        return Reply(Severity.INFO, press.say("That message is not there any more."))
    return await _cancel(context, press, message)


async def _cancel(context: CommandContext, request: CommandRequest, message: Message) -> Reply:
    access, person = context.config.access, request.person
    own = message.author == person.user and allows(access, person, Permission.SEND)
    if not (own or allows(access, person, Permission.ADMIN)):
        return await error_replies.refuse(context, request, Permission.ADMIN, "cancel")
    if not await _is_first_delivery(context, request):
        return _duplicate_reply(request)
    cancelled = await context.outbox.cancellation.cancel(
        message.ref, context.now(), error_replies.actor_of(request)
    )
    if not (cancelled.count or cancelled.in_flight):
        title = request.say(
            "It is too late: nothing of {ref} is waiting any more.", ref=message.ref
        )
        return Reply(Severity.INFO, title)
    context.wake()
    return _cancelled_reply(request, message.ref, cancelled)


def _cancelled_reply(request: CommandRequest, ref: str, cancelled: Cancelled) -> Reply:
    say = request.say
    leaving = say.plural(
        "{count} number is on its way at this moment; where kwtSMS does not take it, it is not "
        "tried again.",
        "{count} numbers are on their way at this moment; where kwtSMS does not take them, they "
        "are not tried again.",
        cancelled.in_flight,
    )
    if not cancelled.count:
        return Reply(Severity.WARNING, say("It is almost too late."), (leaving,))
    title = say.plural(
        "Taken back: {count} number gets nothing of {ref}.",
        "Taken back: {count} numbers get nothing of {ref}.",
        cancelled.count,
        ref=ref,
    )
    return Reply(Severity.GOOD, title, (leaving,) if cancelled.in_flight else ())


async def pause(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Pauses all sending: new messages are refused, and queued ones stay queued."""
    if not await _is_first_delivery(context, request):
        return _duplicate_reply(request)
    fresh = await context.outbox.kill_switch.pause(
        rest.strip()[:200], context.now(), error_replies.actor_of(request)
    )
    if not fresh and (current := await context.outbox.kill_switch.current_pause()):
        return error_replies.paused_reply(
            SendingPaused(current), context.config.slack.command, request.say
        )
    details = (
        request.say(
            "What waits keeps waiting, until it is too old; what is in flight is finished."
        ),
    )
    examples = (RESUME.command_line(context.config.slack.command),)
    title = request.say("All sending is paused.")
    return Reply(Severity.WARNING, title, details, examples=examples)


async def resume(context: CommandContext, request: Invocation, _rest: str) -> Reply:
    """Resumes sending after a pause."""
    if not await _is_first_delivery(context, request):
        return _duplicate_reply(request)
    if not await context.outbox.kill_switch.resume(context.now(), error_replies.actor_of(request)):
        return Reply(Severity.INFO, request.say("Sending was not paused."))
    context.wake()
    return Reply(Severity.GOOD, request.say("Sending goes on. What waited goes out now."))


async def _is_first_delivery(context: CommandContext, request: CommandRequest) -> bool:
    """Whether Slack delivers this for the first time: a repeated pause must not undo a resume."""
    return await context.outbox.intake.use_key_once(
        DedupeKey("control", request.key), context.now()
    )


def _duplicate_reply(request: CommandRequest) -> Reply:
    return Reply(Severity.INFO, request.say("Slack has brought this twice; the first time counts."))


CANCEL_COMMAND = Command(
    "cancel",
    N_("[ID]"),
    N_("Take a message back that has not left yet"),
    ("", "M7F3KQ2"),
    Permission.SEND,
    cancel,
)
PAUSE = Command(
    "pause", N_("[REASON]"), N_("Stop all sending"), ("a mistake",), Permission.ADMIN, pause
)
RESUME = Command("resume", "", N_("Let sending go on"), ("",), Permission.ADMIN, resume)
HANDLERS = {action_ids.MESSAGE_CANCEL: cancel_by_button}
