"""`/sms senders`, `/sms coverage`, `/sms validate`: what the account can do."""

from kwtsms_bot.commands.base import Command, CommandContext, Invocation, Reply, Severity
from kwtsms_bot.commands.policy import Permission
from kwtsms_bot.commands.send import recipients
from kwtsms_bot.commands.send.checks import truncate
from kwtsms_bot.commands.status_text import with_more
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_client import Validation, mask
from kwtsms_client.countries import COUNTRIES

SHARED_SENDER = "KWT-SMS"
MAX_VALIDATED = 200
MAX_LISTED = 10


async def senders(context: CommandContext, request: Invocation, _rest: str) -> Reply:
    """Lists the account's sender IDs and says whether the configured one is among them."""
    say, ours = request.say, context.config.kwtsms.sender_id
    found = await context.gateway.senderids()
    facts = ((say("In use"), ours), (say("On the account"), say.join(found) or "–"))
    if ours not in found:
        close = [one for one in found if one.casefold() == ours.casefold()]
        details: tuple[str, ...] = (
            say("Sender IDs have to be written exactly as they were registered."),
        )
        if close:
            details = (say("On the account it is written {name}.", name=close[0]), *details)
        title = say("{name} is not a sender ID of this account.", name=ours)
        return Reply(Severity.ERROR, title, details, facts)
    if ours.upper() == SHARED_SENDER:
        details = (say("It is slow, and phones at Virgin Kuwait never get it: register your own."),)
        return Reply(
            Severity.WARNING, say("KWT-SMS is a shared sender ID for tests."), details, facts
        )
    return Reply(Severity.GOOD, say("{name} can be used.", name=ours), facts=facts)


async def coverage(context: CommandContext, request: Invocation, _rest: str) -> Reply:
    """Lists the countries that the account covers and those that the configuration allows."""
    say, allowed = request.say, context.config.limits.countries
    found = (await context.gateway.coverage()).prefixes
    allowed_prefixes = [one for one in found if "all" in allowed or one.startswith(allowed)]
    facts = (
        (say("On the account"), say.join(_format_country(one, say) for one in found) or "–"),
        (say("Allowed by this bot"), say.join(f"+{one}" for one in allowed_prefixes) or "–"),
    )
    if not allowed_prefixes:
        title = say("Nothing can be sent: no country is both active and allowed.")
        details = (say("Ask kwtSMS to activate the country, or allow it in config.yaml."),)
        return Reply(Severity.ERROR, title, details, facts)
    return Reply(Severity.INFO, say("Countries that can be sent to"), facts=facts)


async def validate(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Asks kwtSMS whether it has a route to the numbers in `rest`. Costs no credits."""
    say = request.say
    line = recipients.parse_list(rest, default_country=context.config.kwtsms.default_country)
    if not (line.recipients or line.invalid):
        slash = context.config.slack.command
        examples = tuple(VALIDATE.command_line(slash, one) for one in VALIDATE.examples)
        return Reply(Severity.INFO, say("Which number?"), examples=examples)
    if len(line.recipients) > MAX_VALIDATED:
        title = say("Too many numbers: at most {most} can be asked at once.", most=MAX_VALIDATED)
        return Reply(Severity.ERROR, title)
    unnamed = tuple(say("{name} is not a number.", name=f"@{name}") for name in line.names)
    problems = (*(one.explain(say) for one in line.invalid), *unnamed)
    if not line.recipients:
        return Reply(
            Severity.ERROR, say("That is not a phone number."), truncate(problems, request)
        )
    found = await context.gateway.validate(line.recipients)
    return _validation_reply(request, found, truncate(problems, request))


def _validation_reply(request: Invocation, found: Validation, problems: tuple[str, ...]) -> Reply:
    say = request.say
    kinds = (
        (say("Can be reached"), found.ok),
        (say("No route"), found.nr),
        (say("Wrong"), found.er),
    )
    facts = tuple((name, _format_masked(numbers, say)) for name, numbers in kinds if numbers)
    good = not (found.nr or found.er or problems)
    title = say("All of them can be reached.") if good else say("Not all of them can be reached.")
    return Reply(Severity.GOOD if good else Severity.WARNING, title, problems, facts)


def _format_country(code: str, say: Language) -> str:
    """The prefix of a country, followed by its name if that is known."""
    prefix = say.ltr(f"+{code}")
    return f"{prefix} {say(COUNTRIES[code].name)}" if code in COUNTRIES else prefix


def _format_masked(numbers: tuple[str, ...], say: Language) -> str:
    shown = say.join(mask(one) for one in numbers[:MAX_LISTED])
    return with_more(shown, len(numbers) - MAX_LISTED, say)


SENDERS = Command("senders", "", N_("Sender IDs of the account"), ("",), Permission.READ, senders)
COVERAGE = Command(
    "coverage", "", N_("Countries that can be sent to"), ("",), Permission.READ, coverage
)
VALIDATE = Command(
    "validate",
    N_("NUMBER[, NUMBER…]"),
    N_("Whether numbers can be reached; costs nothing"),
    ("+96598765432",),
    Permission.READ,
    validate,
)
