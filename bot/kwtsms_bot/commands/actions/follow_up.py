"""Buttons of a card: check the status, get the support text, download the failed numbers."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from kwtsms_bot.commands import message_lookup, status, status_text
from kwtsms_bot.commands.base import ButtonPress, CommandContext, File, Reply, Severity
from kwtsms_bot.commands.error_replies import audit, refuse
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.csv_escape import escape_formula
from kwtsms_bot.i18n.translator import LANGUAGES, Language, language
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.outbox.delivery.rules import AcceptedCall, before_deadline
from kwtsms_bot.outbox.message import Message, Recipient, State

CHECK, SUPPORT, FAILURES = "message_check", "message_support", "message_failures"
MAX_NAMED = 20  # Numbers in a support text.
# States to complain about: the first of these groups that occurs.
REPORTED_STATES = ((State.STUCK, State.UNDELIVERED), (State.SENT,))
BOM = "\ufeff"  # Without it, Excel reads Arabic as Latin characters.
FAILED = (State.REJECTED, State.EXPIRED, State.UNDELIVERED, State.STUCK, State.UNKNOWN)

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
            return Reply(Severity.INFO, press.say("That message is not there any more."))
        return await handler(context, press, message)

    return run


def _for_own_message(
    handler: Callable[[CommandContext, ButtonPress, Message], Awaitable[Reply]],
) -> ActionHandler:
    """Wraps a handler that shows whole numbers: only for the author and for approvers."""

    async def run(context: CommandContext, press: ButtonPress, message: Message) -> Reply:
        own = message.author == press.person.user
        if not (own or allows(context.config.access, press.person, Permission.APPROVE)):
            return await refuse(context, press, Permission.APPROVE, "whole numbers")
        return await handler(context, press, message)

    return _for_message(run, Permission.SEND)


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
        return Reply(Severity.INFO, say("There is nothing left to complain about."))
    current = before_deadline(calls, context.now())
    details: tuple[str, ...] = (say("The 24 hours in which kwtSMS looks at complaints are over."),)
    if current:
        deadline = _format_time(min(one.deadline for one in current))
        details = (
            say(
                "Send it to kwtSMS's support; complaints are looked at within 24 hours of sending."
            ),
            say("That is until {time} (Kuwait).", time=deadline),
        )
    if sum(len(one.phones) for one in calls) == MAX_NAMED:
        details = (*details, say("It names {count} numbers at most.", count=MAX_NAMED))
    account = context.config.kwtsms.username
    texts = tuple(support_text(account, message, current or calls, code) for code in LANGUAGES)
    title = say("A complaint to copy, in English and Arabic")
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


def support_text(account: str, message: Message, calls: Sequence[AcceptedCall], code: str) -> str:
    """The facts that kwtSMS's support asks for: https://www.kwtsms.com/help.html."""
    say = language(code)
    lines = [
        say("This message did not arrive. Please look into it."),
        say("Account: {name}", name=account),
        say("Sender ID: {sender}", sender=message.sender_id),
    ]
    for one in calls:
        lines += [
            say("Message id: {id}", id=one.gateway_id),
            say("Sent: {time} (Kuwait)", time=_format_time(one.accepted_at)),
            say("Numbers: {numbers}", numbers=say.join(one.phones)),
        ]
    lines.append(say("Text: {text}", text=(message.text or "–")[:1000]))
    return "\n".join(lines)


async def _reply_failures_file(
    context: CommandContext, press: ButtonPress, message: Message
) -> Reply:
    """Replies with a CSV file of the numbers that failed or whose outcome is unknown."""
    if message.counts.keys().isdisjoint(FAILED):
        return Reply(Severity.INFO, press.say("No number of this message has failed."))
    await audit(context, press, "allowed", (Permission.SEND, message.ref, "failures as CSV"))
    title = press.say("The numbers that failed are in your direct messages.")
    file = File(
        f"{message.ref}-failures.csv", await _build_failures_csv(context, message, press.say)
    )
    return Reply(Severity.GOOD, title, file=file)


async def _build_failures_csv(context: CommandContext, message: Message, say: Language) -> str:
    """Builds the CSV with a line for each failed recipient, read page by page."""
    lines, after = ["number,state,code,reason"], 0
    while rows := await context.outbox.messages.recipients(message.id, FAILED, after=after):
        lines += [
            ",".join(
                map(_csv_cell, (one.phone, one.state.value, one.code, _format_reason(one, say)))
            )
            for one in rows
        ]
        after = rows[-1].id
    table = "\n".join(lines) + "\n"
    return table if table.isascii() else BOM + table


def _format_reason(one: Recipient, say: Language) -> str:
    return status_text.describe_reason(one.code, one.reason, say)


def _csv_cell(text: str | None) -> str:
    escaped = escape_formula(text or "").replace('"', '""')
    return f'"{escaped}"'


def _format_time(at: datetime) -> str:
    return at.astimezone(KUWAIT_TZ).strftime("%Y-%m-%d %H:%M")


HANDLERS: dict[str, ActionHandler] = {
    CHECK: _for_message(_check_status, Permission.READ),
    SUPPORT: _for_own_message(_reply_support_text),
    FAILURES: _for_own_message(_reply_failures_file),
}
