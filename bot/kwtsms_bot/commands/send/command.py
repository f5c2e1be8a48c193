"""`/sms send`: accepts a typed message into the outbox, or says why not."""

from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.base import (
    Button,
    Command,
    CommandContext,
    Invocation,
    Reply,
    Severity,
)
from kwtsms_bot.commands.policy import Permission
from kwtsms_bot.commands.send import recipients, submit
from kwtsms_bot.commands.send.build_preview import SendRequest, build_preview
from kwtsms_bot.commands.send.checks import truncate
from kwtsms_bot.i18n.translator import N_

EXAMPLES = ("+96598765432 Backup failed", "98765432, 98765433 نجح النسخ الاحتياطي")


async def run(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Accepts the message for all recipients or none, or shows a preview to confirm."""
    if not rest.strip():
        return _missing_input_reply(context, request)
    line = recipients.parse_line(rest, default_country=context.config.kwtsms.default_country)
    preview = await build_preview(
        context, request, SendRequest(line=line, text=line.text, mentions=request.mentions)
    )
    if preview.problems:  # The sender can correct the line; a partial send would surprise.
        return _invalid_recipients_reply(context, request, preview.problems)
    reply = await submit.submit(context, request, preview)
    return (
        _with_examples(context, reply)
        if reply.severity is Severity.ERROR and not reply.facts
        else reply
    )


def _missing_input_reply(context: CommandContext, request: Invocation) -> Reply:
    title = request.say("Whom to, and what?")
    details = (request.say("Type a number, a blank, and the text; or fill in the form."),)
    form = Button(action_ids.OPEN_FORM, request.say("Open the form"), "send", "primary")
    examples = _examples(context)
    return Reply(Severity.INFO, title, details, examples=examples, buttons=(form,), opens_form=True)


def _invalid_recipients_reply(
    context: CommandContext, request: Invocation, problems: tuple[str, ...]
) -> Reply:
    if len(problems) == 1:
        title = request.say("That is not a phone number. Nothing was sent.")
    else:
        title = request.say("Some numbers are wrong. Nothing was sent.")
    return Reply(Severity.ERROR, title, truncate(problems, request), examples=_examples(context))


def _with_examples(context: CommandContext, reply: Reply) -> Reply:
    return Reply(reply.severity, reply.title, reply.details, examples=_examples(context))


def _examples(context: CommandContext) -> tuple[str, ...]:
    return tuple(
        COMMAND.command_line(context.config.slack.command, example) for example in EXAMPLES
    )


COMMAND = Command(
    "send",
    N_("NUMBER[, NUMBER…] TEXT"),
    N_("Send a text message"),
    EXAMPLES,
    Permission.SEND,
    run,
)
