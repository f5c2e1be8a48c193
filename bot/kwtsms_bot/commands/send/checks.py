"""Checks of a message, made when it is written and again when it is confirmed."""

from collections.abc import Sequence

from kwtsms_bot.commands.base import CommandContext, CommandRequest, Reply, Severity
from kwtsms_bot.commands.error_replies import audit, refuse
from kwtsms_bot.commands.mentions import admin_facts
from kwtsms_bot.commands.policy import ROLES, Permission, allows
from kwtsms_bot.commands.send.preview import Preview, refused_countries
from kwtsms_bot.commands.status_text import and_more
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.outbox.message import NewMessage
from kwtsms_client import MAX_PAGES, Phone
from kwtsms_client.countries import COUNTRIES

MAX_LISTED = 5  # Mistakes listed one by one; the rest are counted.


async def first_problem(
    context: CommandContext, request: CommandRequest, preview: Preview
) -> Reply | None:
    """Returns the reply to the first problem of a message; None if there is none."""
    if not allows(context.config.access, request.person, Permission.SEND):
        return await refuse(context, request, Permission.SEND, "send")
    return (
        check_recipients(request, preview)
        or check_text(request, preview)
        or await check_scope(context, request, preview.recipients)
    )


async def check_draft(
    context: CommandContext, request: CommandRequest, message: NewMessage
) -> Reply | None:
    """Checks a draft's message: roles, limits and the time may have changed since its preview."""
    if not allows(context.config.access, request.person, Permission.SEND):
        return await refuse(context, request, Permission.SEND, "send")
    return _check_setup(context, request, message) or await check_scope(
        context, request, tuple(Phone(one) for one in message.recipients)
    )


def truncate(sentences: Sequence[str], request: CommandRequest) -> tuple[str, ...]:
    """The first few sentences, and how many more there are."""
    more = len(sentences) - MAX_LISTED
    shown = tuple(sentences[:MAX_LISTED])
    return (*shown, and_more(more, request.say)) if more > 0 else shown


def check_problems(request: CommandRequest, preview: Preview) -> Reply | None:
    """Returns the reply if a recipient is wrong: its author can correct it."""
    count = len(preview.problems)
    if not count:
        return None
    title = request.say.plural(
        "Message not sent: check {count} recipient.",
        "Message not sent: check {count} recipients.",
        count,
    )
    return Reply(Severity.ERROR, title, truncate(preview.problems, request))


def check_recipients(request: CommandRequest, preview: Preview) -> Reply | None:
    """Returns the reply if no recipient is left, which says why."""
    say = request.say
    if preview.recipients:
        return None
    if preview.problems:
        return check_problems(request, preview)
    if preview.uncovered:
        title = say("Message not sent: your account doesn't support that country.")
        return Reply(Severity.ERROR, title, (say("Ask kwtSMS to activate the country."),))
    return Reply(Severity.ERROR, say("Add at least one recipient."))


def check_text(request: CommandRequest, preview: Preview) -> Reply | None:
    """Returns the reply if the text cannot be sent, which says why."""
    say, report = request.say, preview.report
    if not report.original.strip():
        details = (say("Add the text after the number."),)
        return Reply(Severity.ERROR, say("Your message is empty."), details)
    if report.blank:
        details = (
            say("Your message has only emoji or hidden characters, which kwtSMS can't deliver."),
        )
        return Reply(Severity.ERROR, say("Nothing left to send."), details)
    if report.too_long:
        title = say(
            "Message too long: {pages} (maximum {most}).",
            pages=say.plural("{count} page", "{count} pages", report.pages),
            most=MAX_PAGES,
        )
        return Reply(Severity.ERROR, title, (say("Shorten it or send it in parts."),))
    return None


def _check_setup(
    context: CommandContext, request: CommandRequest, message: NewMessage
) -> Reply | None:
    """Refuses a drafted message if the sender ID or the test mode has changed since its preview."""
    current = context.config.kwtsms
    if (message.sender_id, message.test) == (current.sender_id, current.test_mode):
        return None
    title = request.say("Message not sent: the bot's settings changed.")
    return Reply(
        Severity.ERROR,
        title,
        (
            request.say(
                "The sender ID or test mode changed after your review. Write the message again."
            ),
        ),
    )


async def check_scope(
    context: CommandContext, request: CommandRequest, recipients: tuple[Phone, ...]
) -> Reply | None:
    """Checks the number of recipients, their countries and the quiet hours."""
    limits = context.config.limits
    is_bulk = len(recipients) >= context.config.access.bulk_from
    if is_bulk and not allows(context.config.access, request.person, Permission.BULK):
        return await _refuse_bulk(context, request, len(recipients))
    refused = refused_countries(recipients, limits)
    if refused:
        return await _refuse_countries(context, request, refused)
    if is_bulk and limits.is_quiet(context.now().astimezone(KUWAIT_TZ).time()):
        return await _refuse_quiet_hours(context, request)
    return None


async def _refuse_bulk(context: CommandContext, request: CommandRequest, count: int) -> Reply:
    detail = f"{count} numbers, needs one of: {', '.join(ROLES[Permission.BULK])}"
    await audit(context, request, "refused", (Permission.BULK, "send", detail))
    say, limit = request.say, context.config.access.bulk_from
    many, most = (
        say.plural("{count} recipient", "{count} recipients", one) for one in (count, limit)
    )
    title = say("Message not sent: you can't send to {numbers} at once.", numbers=many)
    details = (
        say("You need the bulk role to send to {numbers} or more. Ask an admin.", numbers=most),
    )
    return Reply(Severity.ERROR, title, details, await admin_facts(context, say))


async def _refuse_countries(
    context: CommandContext, request: CommandRequest, codes: tuple[str, ...]
) -> Reply:
    written = ", ".join(f"+{code}" for code in codes)
    await audit(context, request, "refused", (Permission.SEND, "send", f"to {written}"))
    named = request.say.join(format_country(code, request.say) for code in codes)
    title = request.say("Message not sent: sending to {countries} isn't allowed.", countries=named)
    details = (request.say("Ask an admin to enable this country (limits.countries)."),)
    return Reply(Severity.ERROR, title, details, await admin_facts(context, request.say))


def format_country(code: str, say: Language) -> str:
    """The prefix of a country, followed by its name if that is known."""
    prefix = say.ltr(f"+{code}")
    return f"{prefix} ({say(COUNTRIES[code].name)})" if code in COUNTRIES else prefix


async def _refuse_quiet_hours(context: CommandContext, request: CommandRequest) -> Reply:
    begin, end = context.config.limits.quiet_hours or (None, None)
    await audit(context, request, "refused", (Permission.BULK, "send", "quiet hours"))
    title = request.say("Message not sent: bulk sending is off right now.")
    hours = f"{begin:%H:%M}-{end:%H:%M}"
    details = (
        request.say(
            "Quiet hours: {hours} (Kuwait). You can still send to fewer recipients.", hours=hours
        ),
    )
    return Reply(Severity.ERROR, title, details)
