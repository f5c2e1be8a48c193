"""`/sms send`: accepts a typed message into the outbox, or says why not."""

from dataclasses import replace

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
from kwtsms_bot.commands.send import checks, recipients, submit
from kwtsms_bot.commands.send.build_preview import SendRequest, build_preview
from kwtsms_bot.commands.send.number_groups import OVERRIDES
from kwtsms_bot.commands.send.recipients import ParsedLine
from kwtsms_bot.i18n.translator import N_

EXAMPLES = ("+96598765432 Backup failed", "98765432, 98765433 نجح النسخ الاحتياطي")


async def run(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Accepts the message for all recipients or none, or shows a preview to confirm."""
    if not rest.strip():
        return _missing_input_reply(context, request)
    country = context.config.kwtsms.default_country
    line = recipients.parse_line(rest, default_country=country, tokens=request.tokens)
    command = request.text[: len(request.text) - len(rest)]
    line = replace(line, disguised=line.disguised or bool(OVERRIDES.search(command)))
    preview = await build_preview(context, request, SendRequest(line=line, text=line.text))
    # The sender can correct the line; a partial send would surprise.
    problem = checks.check_problems(request, preview)
    if problem is None and (not preview.recipients or not line.text):
        problem = checks.check_recipients(request, preview) or checks.check_text(request, preview)
    if problem is None:
        return await submit.submit(context, request, preview)
    return replace(problem, examples=_examples(context)[:1]) if _is_malformed(line) else problem


def _is_malformed(line: ParsedLine) -> bool:
    """Whether a number or the text is missing or misspelt, so that an example helps."""
    return bool(line.invalid) or not line.text


def _missing_input_reply(context: CommandContext, request: Invocation) -> Reply:
    title = request.say("Add a recipient and a message")
    details = (request.say("Type the number, a space and your message, or use the form."),)
    form = Button(action_ids.OPEN_FORM, request.say("Open the form"), "send", "primary")
    examples = _examples(context)
    return Reply(Severity.INFO, title, details, examples=examples, buttons=(form,), opens_form=True)


def _examples(context: CommandContext) -> tuple[str, ...]:
    return tuple(
        COMMAND.command_line(context.config.slack.command, example) for example in EXAMPLES
    )


COMMAND = Command(
    "send",
    N_("NUMBER[, NUMBER…] TEXT"),
    N_("Send an SMS"),
    EXAMPLES,
    Permission.SEND,
    run,
    reads_tokens=True,
)
