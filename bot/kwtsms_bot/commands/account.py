"""`/sms senders`, `/sms coverage`, `/sms validate`: what the account can do."""

from kwtsms_bot.commands.base import Command, CommandContext, Invocation, Reply, Severity
from kwtsms_bot.commands.policy import Permission
from kwtsms_bot.commands.send import recipients
from kwtsms_bot.commands.send.checks import format_country, truncate
from kwtsms_bot.commands.send.preview import refused_countries
from kwtsms_bot.commands.status_text import with_more
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_client import Phone, Validation, mask

SHARED_SENDER = "KWT-SMS"
MAX_VALIDATED = 200
MAX_LISTED = 10
Facts = tuple[tuple[str, str], ...]


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
        (say("On the account"), say.join(format_country(one, say) for one in found) or "–"),
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
    country = context.config.kwtsms.default_country
    line = recipients.parse_list(rest, default_country=country, tokens=request.tokens)
    if not (line.recipients or line.invalid or line.names or line.tokens):
        slash = context.config.slack.command
        examples = tuple(VALIDATE.command_line(slash, one) for one in VALIDATE.examples)
        return Reply(Severity.INFO, say("Which number?"), examples=examples)
    if len(line.recipients) > MAX_VALIDATED:
        title = say("Too many numbers: at most {most} can be asked at once.", most=MAX_VALIDATED)
        return Reply(Severity.ERROR, title)
    names = (*(f"@{name}" for name in line.names), *(token.shown for token in line.tokens))
    unnamed = tuple(say("{name} is not a number.", name=name) for name in names)
    problems = (*(one.explain(say) for one in line.invalid), *unnamed)
    if not line.recipients:
        title = say("There is no phone number to check.")
        return Reply(Severity.ERROR, title, truncate(problems, request))
    found = await context.gateway.validate(line.recipients)
    refused = refused_countries(line.recipients, context.config.limits)
    if refused:
        named = say.join(format_country(code, say) for code in refused)
        problems = (*problems, say("Sending to {countries} isn't allowed here.", countries=named))
    facts = _validation_facts(context, found, say)
    return _validation_reply(request, facts, truncate(problems, request))


def _validation_facts(context: CommandContext, found: Validation, say: Language) -> Facts:
    """The numbers by what a send would do with them: the bot's limits count as well."""
    limits = context.config.limits
    refused = tuple(one for one in found.ok if refused_countries((Phone(one),), limits))
    kinds = (
        (say("Can be reached"), tuple(one for one in found.ok if one not in refused)),
        (say("Not allowed here"), refused),
        (say("No route"), found.nr),
        (say("Wrong"), found.er),
    )
    return tuple((name, _format_masked(numbers, say)) for name, numbers in kinds if numbers)


def _validation_reply(request: Invocation, facts: Facts, problems: tuple[str, ...]) -> Reply:
    say = request.say
    good = not problems and [name for name, _ in facts] == [say("Can be reached")]
    title = say("All of them can be reached.") if good else say("Not all of them can be reached.")
    return Reply(Severity.GOOD if good else Severity.WARNING, title, problems, facts)


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
    reads_tokens=True,
)
