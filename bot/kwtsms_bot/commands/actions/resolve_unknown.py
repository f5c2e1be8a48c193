"""Buttons for unknown outcomes: a person decides, and the decision is recorded."""

from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.base import ButtonPress, CommandContext, Reply, Severity
from kwtsms_bot.commands.error_replies import (
    actor_of,
    audit,
    paused_reply,
    refuse,
    refuse_quota_exceeded,
)
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.commands.send.checks import check_scope
from kwtsms_bot.commands.send.preview import needs_approval
from kwtsms_bot.commands.send.submit import allowance
from kwtsms_bot.outbox.message import DedupeKey, Message
from kwtsms_bot.outbox.quota.limits import QuotaExceededError
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import SendingPaused
from kwtsms_client import Phone


async def send_again(context: CommandContext, press: ButtonPress) -> Reply:
    """Queues the unknown recipients again, once: a second press finds nothing left to decide."""
    found = await _find_undecided(context, press)
    if isinstance(found, Reply):
        return found
    message, decision_key = found
    problem = await _check_resend(context, press, message)
    if problem:
        return problem
    now = context.now()
    try:
        changed = await context.outbox.decisions.send_again(
            message.ref,
            now,
            actor_of(press),
            expires_at=now + context.config.outbox.expires_after,
            once=decision_key,
            allowance=allowance(context, press.person, message.priority),
        )
    except QuotaExceededError as error:
        return await refuse_quota_exceeded(context, press, error)
    return _finish(context, press) if changed else _nothing_left_reply(press)


async def treat_as_sent(context: CommandContext, press: ButtonPress) -> Reply:
    """Marks the unknown recipients as sent, without sending anything."""
    found = await _find_undecided(context, press)
    if isinstance(found, Reply):
        return found
    message, decision_key = found
    decision = context.outbox.decisions.treat_as_sent(
        message.ref, context.now(), actor_of(press), once=decision_key
    )
    return _finish(context, press) if await decision else _nothing_left_reply(press)


async def _find_undecided(
    context: CommandContext, press: ButtonPress
) -> tuple[Message, DedupeKey] | Reply:
    """Returns the message and the key that allows one decision, or the reply that refuses.

    The button's value names the message and the state of its card. Each value decides once, even
    if Slack redelivers the press or the user clicks twice.
    """
    if not allows(context.config.access, press.person, Permission.SEND):
        return await refuse(context, press, Permission.SEND, "decide")
    ref = press.value.partition(".")[0]
    message = await context.outbox.messages.find(ref)
    if message is None or State.UNKNOWN not in message.counts:
        return _nothing_left_reply(press)
    return message, DedupeKey("button.unknown", press.value[:200])


async def _check_resend(
    context: CommandContext, press: ButtonPress, message: Message
) -> Reply | None:
    """Returns the refusal if this person may not send it again, by the rules for new messages.

    If the price requires approval, the person who presses has to be an approver, not the author.
    """
    if pause := await context.outbox.kill_switch.current_pause():
        return paused_reply(SendingPaused(pause), context.config.slack.command, press.say)
    recipients = await _find_unknown_recipients(context, message)
    if needs_approval(message.pages * len(recipients), context.config.limits):
        if not allows(context.config.access, press.person, Permission.APPROVE):
            return await refuse(context, press, Permission.APPROVE, "decide")
        if message.author == press.person.user:
            await audit(context, press, "refused", (Permission.APPROVE, message.ref, "their own"))
            title = press.say("You can't approve your own message.")
            return Reply(Severity.ERROR, title, (press.say("Ask someone else to approve it."),))
    return await check_scope(context, press, recipients)


async def _find_unknown_recipients(context: CommandContext, message: Message) -> tuple[Phone, ...]:
    """Returns the numbers whose outcome is unknown."""
    found: list[Phone] = []
    after = 0
    while page := await context.outbox.messages.recipients(
        message.id, (State.UNKNOWN,), after=after
    ):
        found += [Phone(one.phone) for one in page if one.phone]
        after = page[-1].id
    return tuple(found)


def _nothing_left_reply(press: ButtonPress) -> Reply:
    title = press.say("Someone has already decided this.")
    return Reply(Severity.INFO, title)


def _finish(context: CommandContext, press: ButtonPress) -> Reply:
    context.wake()
    return Reply(Severity.GOOD, press.say("Done."))


HANDLERS = {
    action_ids.UNKNOWN_SEND_AGAIN: send_again,
    action_ids.UNKNOWN_TREAT_AS_SENT: treat_as_sent,
}
