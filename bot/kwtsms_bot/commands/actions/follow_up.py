"""Buttons of a card: check the status, get the support text, download the failed numbers."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from kwtsms_bot.commands import action_ids, message_lookup, status
from kwtsms_bot.commands.actions.failures_csv import FAILED, csv_file, csv_line
from kwtsms_bot.commands.actions.support_text import (
    MAX_NAMED,
    REPORTED_STATES,
    support_text,
)
from kwtsms_bot.commands.base import ButtonPress, CommandContext, File, Reply, Severity
from kwtsms_bot.commands.error_replies import audit, refuse
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.i18n.dates import format_datetime
from kwtsms_bot.i18n.translator import LANGUAGES, Language
from kwtsms_bot.outbox.delivery.rules import AcceptedCall, before_deadline
from kwtsms_bot.outbox.message import Message

ActionHandler = Callable[[CommandContext, ButtonPress], Awaitable[Reply]]


def _for_message(
    handler: Callable[[CommandContext, ButtonPress, Message], Awaitable[Reply]],
    permission: Permission,
) -> ActionHandler:
    """Wraps a handler: checks the permission and finds the message that the button names."""

    async def run(context: CommandContext, press: ButtonPress) -> Reply:
        if not allows(context.config.access, press.person, permission):
            return await refuse(context, press, permission, "follow up")
        message = await context.outbox.messages.find(press.value)
        if message is None:
            return Reply(Severity.INFO, press.say("That message no longer exists."))
        return await handler(context, press, message)

    return run


def _for_own_message(
    handler: Callable[[CommandContext, ButtonPress, Message], Awaitable[Reply]],
) -> ActionHandler:
    """Wraps a handler that shows complete numbers: only for the author and for approvers."""

    async def run(context: CommandContext, press: ButtonPress, message: Message) -> Reply:
        own = message.author == press.person.user
        if not (own or allows(context.config.access, press.person, Permission.APPROVE)):
            return await refuse(context, press, Permission.APPROVE, "whole numbers")
        return await handler(context, press, message)

    return _for_message(run, Permission.SEND)


async def _show_details(_context: CommandContext, press: ButtonPress, message: Message) -> Reply:
    return replace(status.stored_reply(message, press.say), details_of=message)


async def _check_status(context: CommandContext, press: ButtonPress, message: Message) -> Reply:
    return await status.reply_status(context, press, message_lookup.from_message(message))


async def _reply_support_text(
    context: CommandContext, press: ButtonPress, message: Message
) -> Reply:
    """Replies with the support text in both languages, without calls that are too old.

    If all of them are too old, the text covers them and the reply says so.
    """
    say = press.say
    await audit(context, press, "allowed", (Permission.SEND, message.ref, "support text"))
    calls = await _find_calls_to_report(context, message)
    if not calls:
        return Reply(Severity.INFO, say("No messages to report."))
    current = before_deadline(calls, context.now())
    details: tuple[str, ...] = (
        say("kwtSMS only investigates messages sent in the last 24 hours. That time has passed."),
    )
    if current:
        deadline = format_datetime(min(one.deadline for one in current), say)
        details = (
            say(
                "Send this to kwtSMS support. They only investigate messages sent in the "
                "last 24 hours."
            ),
            say("Send it by {time}.", time=deadline),
        )
    if sum(len(one.phones) for one in calls) == MAX_NAMED:
        details = (*details, say("It lists the first {count} numbers only.", count=MAX_NAMED))
    account = context.config.kwtsms.username
    texts = tuple(support_text(account, message, current or calls, code) for code in LANGUAGES)
    title = say("Support request (English and Arabic)")
    return Reply(Severity.INFO, title, details, examples=texts)


async def _find_calls_to_report(
    context: CommandContext, message: Message
) -> tuple[AcceptedCall, ...]:
    """Returns the calls with stuck or undelivered numbers; without any, those with sent ones."""
    for states in REPORTED_STATES:
        if calls := await context.outbox.delivery.accepted_calls(
            message.id, states, limit=MAX_NAMED
        ):
            return calls
    return ()


async def _reply_failures_file(
    context: CommandContext, press: ButtonPress, message: Message
) -> Reply:
    """Replies with a CSV file of the numbers that failed or whose outcome is unknown."""
    if message.counts.keys().isdisjoint(FAILED):
        return Reply(Severity.INFO, press.say("No recipient of this message failed."))
    await audit(context, press, "allowed", (Permission.SEND, message.ref, "failures as CSV"))
    title = press.say("We sent you the failed numbers in a direct message.")
    content = csv_file(await _read_csv_lines(context, message, press.say))
    return Reply(Severity.GOOD, title, file=File(f"{message.ref}-failures.csv", content))


async def _read_csv_lines(context: CommandContext, message: Message, say: Language) -> list[str]:
    """Reads the failed recipients page by page, and returns a line for each."""
    lines: list[str] = []
    after = 0
    while rows := await context.outbox.messages.recipients(message.id, FAILED, after=after):
        lines += [csv_line(one, say) for one in rows]
        after = rows[-1].id
    return lines


HANDLERS: dict[str, ActionHandler] = {
    action_ids.MESSAGE_DETAILS: _for_message(_show_details, Permission.READ),
    action_ids.MESSAGE_CHECK: _for_message(_check_status, Permission.READ),
    action_ids.MESSAGE_SUPPORT: _for_own_message(_reply_support_text),
    action_ids.MESSAGE_FAILURES: _for_own_message(_reply_failures_file),
}
