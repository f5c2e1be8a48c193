"""`/sms cancel`, `/sms pause`, `/sms resume`: cancelling a message, and the kill switch."""

from dataclasses import replace

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
        title = request.say("This bot didn't send that message, so it can't cancel it.")
        return Reply(Severity.ERROR, title)
    return await _cancel(context, request, found.message)


async def cancel_by_button(context: CommandContext, press: ButtonPress) -> Reply:
    """Cancels the message that a card's button names."""
    message = await context.outbox.messages.find(press.value)
    if message is None:
        return Reply(Severity.INFO, press.say("That message no longer exists."))
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
        title = request.say("Too late to cancel {ref}: nothing is left to send.", ref=message.ref)
        return Reply(Severity.INFO, title)
    context.wake()
    return _cancelled_reply(request, message.ref, cancelled)


def _cancelled_reply(request: CommandRequest, ref: str, cancelled: Cancelled) -> Reply:
    say = request.say
    leaving = say.plural(
        "{count} recipient is being sent to right now. If kwtSMS doesn't accept it, it won't "
        "be retried.",
        "{count} recipients are being sent to right now. Those that kwtSMS doesn't accept "
        "won't be retried.",
        cancelled.in_flight,
    )
    if not cancelled.count:
        return Reply(Severity.WARNING, say("Too late to cancel for some recipients."), (leaving,))
    title = say.plural(
        "Cancelled: {ref} won't be sent to {count} recipient.",
        "Cancelled: {ref} won't be sent to {count} recipients.",
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
        paused = error_replies.paused_reply(
            SendingPaused(current), context.config.slack.command, request.say
        )
        return replace(paused, title=request.say("Sending is already paused."))
    details = (
        request.say(
            "Queued messages stay queued until they expire. Messages being sent will complete."
        ),
    )
    examples = (RESUME.command_line(context.config.slack.command),)
    title = request.say("Sending is paused.")
    return Reply(Severity.WARNING, title, details, examples=examples)


async def resume(context: CommandContext, request: Invocation, _rest: str) -> Reply:
    """Resumes sending after a pause."""
    if not await _is_first_delivery(context, request):
        return _duplicate_reply(request)
    if not await context.outbox.kill_switch.resume(context.now(), error_replies.actor_of(request)):
        return Reply(Severity.INFO, request.say("Sending isn't paused."))
    context.wake()
    return Reply(Severity.GOOD, request.say("Sending resumed. Queued messages are going out now."))


async def _is_first_delivery(context: CommandContext, request: CommandRequest) -> bool:
    """Whether Slack delivers this for the first time: a repeated pause must not undo a resume."""
    return await context.outbox.intake.use_key_once(
        DedupeKey("control", request.key), context.now()
    )


def _duplicate_reply(request: CommandRequest) -> Reply:
    return Reply(Severity.INFO, request.say("Duplicate request ignored."))


CANCEL_COMMAND = Command(
    "cancel",
    N_("[ID]"),
    N_("Cancel a message that hasn't been sent"),
    ("", "M7F3KQ2"),
    Permission.SEND,
    cancel,
)
PAUSE = Command(
    "pause", N_("[REASON]"), N_("Pause all sending"), ("a mistake",), Permission.ADMIN, pause
)
RESUME = Command("resume", "", N_("Resume sending"), ("",), Permission.ADMIN, resume)
HANDLERS = {action_ids.MESSAGE_CANCEL: cancel_by_button}
