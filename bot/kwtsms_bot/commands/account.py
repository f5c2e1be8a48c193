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
    facts = ((say("Currently used"), ours), (say("Available"), say.join(found) or "–"))
    if ours not in found:
        close = [one for one in found if one.casefold() == ours.casefold()]
        details: tuple[str, ...] = (
            say("Write it exactly as registered: upper and lower case matter."),
        )
        if close:
            details = (say("Your account spells it {name}.", name=close[0]), *details)
        title = say("{name} isn't a sender ID of your account.", name=ours)
        return Reply(Severity.ERROR, title, details, facts)
    if ours.upper() == SHARED_SENDER:
        details = (
            say(
                "It's slow and never reaches Virgin Kuwait numbers. Register your own "
                "sender ID at kwtsms.com."
            ),
        )
        return Reply(
            Severity.WARNING, say("KWT-SMS is a shared sender ID for tests."), details, facts
        )
    return Reply(Severity.GOOD, say("{name} is ready to use.", name=ours), facts=facts)


async def coverage(context: CommandContext, request: Invocation, _rest: str) -> Reply:
    """Lists the countries that the account covers and those that the configuration allows."""
    say, allowed = request.say, context.config.limits.countries
    found = (await context.gateway.coverage()).prefixes
    allowed_prefixes = [one for one in found if "all" in allowed or one.startswith(allowed)]
    facts = (
        (say("Available"), say.join(format_country(one, say) for one in found) or "–"),
        (say("Allowed by this bot"), say.join(f"+{one}" for one in allowed_prefixes) or "–"),
    )
    if not allowed_prefixes:
        title = say("You can't send yet: no active country is allowed.")
        details = (
            say(
                "Ask kwtSMS to activate a country, or allow one under "
                "limits.countries in config.yaml."
            ),
        )
        return Reply(Severity.ERROR, title, details, facts)
    return Reply(Severity.INFO, say("Supported countries"), facts=facts)


async def validate(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Asks kwtSMS whether it has a route to the numbers in `rest`. Costs no credits."""
    say = request.say
    country = context.config.kwtsms.default_country
    line = recipients.parse_list(rest, default_country=country, tokens=request.tokens)
    if not (line.recipients or line.invalid or line.names or line.tokens):
        slash = context.config.slack.command
        examples = tuple(VALIDATE.command_line(slash, one) for one in VALIDATE.examples)
        return Reply(Severity.INFO, say("Which number do you want to check?"), examples=examples)
    if len(line.recipients) > MAX_VALIDATED:
        title = say("Too many numbers: check up to {most} at a time.", most=MAX_VALIDATED)
        return Reply(Severity.ERROR, title)
    names = (*(f"@{name}" for name in line.names), *(token.shown for token in line.tokens))
    unnamed = tuple(say("{name} isn't a phone number.", name=name) for name in names)
    problems = (*(one.explain(say) for one in line.invalid), *unnamed)
    if not line.recipients:
        title = say("No valid phone number to check.")
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
        (say("Can receive SMS"), tuple(one for one in found.ok if one not in refused)),
        (say("Not allowed by this bot"), refused),
        (say("Not supported"), found.nr),
        (say("Not valid"), found.er),
    )
    return tuple((name, _format_masked(numbers, say)) for name, numbers in kinds if numbers)


def _validation_reply(request: Invocation, facts: Facts, problems: tuple[str, ...]) -> Reply:
    say = request.say
    good = not problems and [name for name, _ in facts] == [say("Can receive SMS")]
    title = say("All numbers can receive SMS.") if good else say("Some numbers can't receive SMS.")
    return Reply(Severity.GOOD if good else Severity.WARNING, title, problems, facts)


def _format_masked(numbers: tuple[str, ...], say: Language) -> str:
    shown = say.join(mask(one) for one in numbers[:MAX_LISTED])
    return with_more(shown, len(numbers) - MAX_LISTED, say)


SENDERS = Command("senders", "", N_("Your sender IDs"), ("",), Permission.READ, senders)
COVERAGE = Command("coverage", "", N_("Supported countries"), ("",), Permission.READ, coverage)
VALIDATE = Command(
    "validate",
    N_("NUMBER[, NUMBER…]"),
    N_("Check whether numbers can receive SMS (free)"),
    ("+96598765432",),
    Permission.READ,
    validate,
    reads_tokens=True,
)
